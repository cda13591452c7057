using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Seed;

/// <summary>One step of the seed's training.</summary>
/// <param name="Step">Steps done, from 1.</param>
/// <param name="Loss">Mean negative log-prob of a token of the batch, nats.</param>
public sealed record SeedProgress(int Step, int Steps, double Loss);

/// <summary>
/// Makes the bundled policy: a byte-level Llama of 0.8 M parameters, from random weights, on generated tasks. First on right
/// answers, then on mostly imperfect ones: what is left for preference training to undo.
/// </summary>
public static class SeedTrainer
{
    private static readonly TensorType StoredType = TensorType.F16;

    /// <summary>Trains the model, writes it, measures it on held-out prompts and writes its recipe beside it.</summary>
    /// <exception cref="NonFiniteTrainingException">The loss was not finite; nothing was written.</exception>
    public static async Task<SeedRecipe> RunAsync(
        SeedOptions options,
        IProgress<SeedProgress>? progress,
        CancellationToken cancellationToken)
    {
        await Task.Factory.StartNew(
            () => Train(options, progress, cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)
        .ConfigureAwait(false);
        var recipe = await SeedRecipe.MeasureAsync(options, cancellationToken).ConfigureAwait(false);
        recipe.Write(RecipePathOf(options.OutputPath));
        return recipe;
    }

    /// <summary>Where the recipe of a model goes: beside it.</summary>
    public static string RecipePathOf(string outputPath) => Path.ChangeExtension(outputPath, ".json");

    private static void Train(SeedOptions options, IProgress<SeedProgress>? progress, CancellationToken cancellationToken)
    {
        TorchEngine.Start(options.Threads);
        using var scope = NewDisposeScope();
        using var model = PolicyModel.Create(
            SeedModel.Config,
            name => SeedModel.InitialValues(name, options.Seed),
            ComputeType.Float32,
            trainable: true,
            CPU);
        using var optimizer = new SeedOptimizer(model.Parameters!, options);
        for (var step = 0; step < options.Steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var loss = Backward(model, SeedBatches.Draw(options, step));
            if (!double.IsFinite(loss))
            {
                throw new NonFiniteTrainingException($"The loss of step {step + 1} is {loss}.");
            }
            optimizer.Step(options.RateShare(step));
            progress?.Report(new(step + 1, options.Steps, loss));
        }
        ModelWriter.Write(options.OutputPath, "iterativedpo-seed", SeedModel.Config, name => model.Values(name), StoredType);
    }

    /// <summary>Leaves the gradients of the mean token loss on the parameters.</summary>
    private static double Backward(PolicyModel model, IReadOnlyList<PackedGroup> groups)
    {
        using var scope = NewDisposeScope();
        var batch = PackedBatch.Create(groups);
        var pass = model.Forward(batch);
        var loss = -pass.TokenLogProbs.sum() / batch.Targets.Length;
        loss.backward();
        pass.Backward();
        return loss.item<float>();
    }
}
