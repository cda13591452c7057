using TorchSharp;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// The examples' log-probs under the frozen reference: computed once for a set of examples, before training, and kept in a file
/// that later starts of the same run read.
/// </summary>
internal sealed class ReferenceLogProbs
{
    private ReferenceLogProbs(float[] first, float[] second) => (First, Second) = (first, second);

    /// <summary>Summed log-prob of each example's first completion, [P], with LD-DPO's weights where that is on.</summary>
    public float[] First { get; }

    public float[] Second { get; }

    /// <summary>What there is without a reference: r = log π.</summary>
    public static ReferenceLogProbs None(int examples) => new(new float[examples], new float[examples]);

    /// <param name="model">The base; the reference is it with <paramref name="lora"/> on.</param>
    public static ReferenceLogProbs ReadOrCompute(
        string path, PolicyModel model, LoraWeights? lora, IReadOnlyList<ITrainingExample> examples, TrainingOptions options,
        CancellationToken cancellation)
    {
        if (StateFile.Read(path) is { } stored)
        {
            return new(stored.Arrays[0], stored.Arrays[1]);
        }
        var result = Compute(model, lora, examples, options, cancellation);
        StateFile.Write(path, "reference log-probs: first, second", result.First, result.Second);
        return result;
    }

    public static ReferenceLogProbs Compute(
        PolicyModel model, LoraWeights? lora, IReadOnlyList<ITrainingExample> examples, TrainingOptions options, CancellationToken cancellation)
    {
        var result = new ReferenceLogProbs(new float[examples.Count], new float[examples.Count]);
        foreach (var indexes in ExampleBatches.SplitByTokens(examples, Enumerable.Range(0, examples.Count), options.MicroBatchTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var packed = PackedExamples.Create(Array.ConvertAll(indexes, i => examples[i]));
            var rows = new ExampleRows(packed, options.Loss.LdAlpha, model.Device);
            var sums = Floats.Of(rows.Weighted(model.TokenLogProbs(packed.Batch, lora)));
            for (var i = 0; i < indexes.Length; i++)
            {
                result.First[indexes[i]] = sums[i];
                result.Second[indexes[i]] = sums[indexes.Length + i];
            }
        }
        return result;
    }
}
