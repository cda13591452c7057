using IterativeDpo.Artifacts;

namespace IterativeDpo.Training;

/// <summary>What a training round starts from and leaves behind. All paths are files of this machine.</summary>
/// <param name="BaseModelPath">The base GGUF.</param>
/// <param name="InitialAdapterPath">The adapter to continue from; null starts a fresh one (B = 0).</param>
/// <param name="ReferenceAdapterPath">The frozen adapter of the reference policy; null is the base itself.</param>
/// <param name="Examples">The examples, all of one kind, in their stored order.</param>
/// <param name="Seed">Seeds the adapter's first values and the data order.</param>
/// <param name="SplitSeed">Seeds which prompts are held back for validation: the same in all rounds that may share prompts.</param>
/// <param name="WorkDirectory">Checkpoints live here; a run finds its own last one and goes on, on a processor with as many threads to the
/// same bits (a GPU adds in no fixed order).</param>
/// <param name="OutputPath">Where the finished adapter GGUF is written.</param>
public sealed record TrainingRequest(
    string BaseModelPath,
    string? InitialAdapterPath,
    string? ReferenceAdapterPath,
    IReadOnlyList<ITrainingExample> Examples,
    TrainingOptions Options,
    ulong Seed,
    string WorkDirectory,
    string OutputPath,
    AdapterManifest Manifest,
    ulong SplitSeed = 0);

/// <summary>
/// One optimiser step. <see cref="Metrics"/> go by TRL's names (<c>loss</c>, <c>rewards/margins</c>, …); where the step was evaluated on
/// held-back examples, theirs are there too (<c>eval_loss</c>, <c>eval_rewards/margins</c>, …).
/// </summary>
public sealed record TrainingStep(int Step, int Steps, IReadOnlyDictionary<string, double> Metrics);

/// <summary>A finished round of training: every step's metrics, and their means weighted by examples.</summary>
public sealed record TrainingResult(int Steps, IReadOnlyDictionary<string, double> Metrics, IReadOnlyList<TrainingStep> History);

/// <summary>Runs one round of preference training.</summary>
public interface ITrainer
{
    /// <exception cref="NonFiniteTrainingException">The loss or a gradient was not finite; nothing was written to the output.</exception>
    Task<TrainingResult> TrainAsync(TrainingRequest request, IProgress<TrainingStep>? progress, CancellationToken cancellationToken);
}

/// <summary>A figure that is not finite: names the step and the prompts of the batch.</summary>
public sealed class NonFiniteTrainingException(string message) : Exception(message)
{
    /// <param name="what">What is not finite.</param>
    /// <param name="examples">The examples that it comes from.</param>
    /// <param name="advice">What to do about it.</param>
    public static NonFiniteTrainingException Of(string what, IEnumerable<ITrainingExample> examples, string advice) =>
        new($"the {what} is not finite; prompts: {string.Join(", ", examples.Select(example => example.PromptId).Distinct())}. {advice}");
}
