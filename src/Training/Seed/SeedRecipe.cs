using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Generation.Tasks;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Training.Seed;

/// <summary>What a seed policy is: how it was made, and how good it is.</summary>
/// <param name="Sha256">The model file's digest.</param>
/// <param name="Options">How it was trained.</param>
/// <param name="HeldOutPrompts">Prompts it was measured on, none of which its training could draw.</param>
/// <param name="HeldOutAccuracy">The share of them that it answers right by greedy decoding.</param>
public sealed record SeedRecipe(
    string Model,
    string Sha256,
    SeedOptions Options,
    int HeldOutPrompts,
    double HeldOutAccuracy,
    IReadOnlyDictionary<string, double> ByTask)
{
    /// <summary>The longest answer, end token included.</summary>
    public const int MaxAnswerTokens = 30;

    private const ulong PromptSeed = 1;

    internal static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    /// <summary>Measures the model at the options' output path, in the generator that will run it.</summary>
    internal static async Task<SeedRecipe> MeasureAsync(SeedOptions options, CancellationToken cancellationToken)
    {
        string[] tasks = [.. (options.OpenTasks ? TaskTable.Open : TaskTable.All).Select(task => task.Name)];
        var prompts = TaskGenerator.Prompts(PromptSeed, tasks, tasks.Length * options.HeldOutPerTask, Split.HeldOut);
        using var generator = LlamaGenerator.Load(
            new LlamaOptions(options.OutputPath, SeedModel.Config.ContextLength, Threads: options.Threads));
        var accuracy = await GreedyAccuracy
            .MeasureAsync(generator, new VerifierJudge(), prompts, MaxAnswerTokens, cancellationToken)
            .ConfigureAwait(false);
        return new(
            Path.GetFileName(options.OutputPath),
            Digest.OfFile(options.OutputPath).Hex,
            options with { OutputPath = Path.GetFileName(options.OutputPath) },
            prompts.Count,
            (double)accuracy.Sum(task => task.Right) / accuracy.Sum(task => task.Total),
            accuracy.ToDictionary(task => task.Task, task => task.Accuracy));
    }

    /// <summary>Writes the recipe as JSON.</summary>
    public void Write(string path) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this, Json));
}
