using TorchSharp;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// The pairs' log-probs under the frozen reference: computed once for a pair set, before training, and kept in a file
/// that later starts of the same run read.
/// </summary>
internal sealed class ReferenceLogProbs
{
    private ReferenceLogProbs(float[] chosen, float[] rejected) => (Chosen, Rejected) = (chosen, rejected);

    /// <summary>Summed log-prob of each pair's chosen completion, [P].</summary>
    public float[] Chosen { get; }

    public float[] Rejected { get; }

    /// <param name="model">The base; the reference is it with <paramref name="lora"/> on.</param>
    public static ReferenceLogProbs ReadOrCompute(
        string path, PolicyModel model, LoraWeights? lora, IReadOnlyList<PreferencePair> pairs, int microBatchTokens, CancellationToken cancellation)
    {
        if (StateFile.Read(path) is { } stored)
        {
            return new(stored.Arrays[0], stored.Arrays[1]);
        }
        var result = Compute(model, lora, pairs, microBatchTokens, cancellation);
        StateFile.Write(path, "reference log-probs: chosen, rejected", result.Chosen, result.Rejected);
        return result;
    }

    public static ReferenceLogProbs Compute(
        PolicyModel model, LoraWeights? lora, IReadOnlyList<PreferencePair> pairs, int microBatchTokens, CancellationToken cancellation)
    {
        var result = new ReferenceLogProbs(new float[pairs.Count], new float[pairs.Count]);
        foreach (var indexes in PairBatches.SplitByTokens(pairs, Enumerable.Range(0, pairs.Count), microBatchTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var packed = PackedPairs.Create([.. indexes.Select(i => pairs[i])]);
            var branches = Floats.Of(model.LogProbs(packed.Batch, lora));
            for (var i = 0; i < indexes.Length; i++)
            {
                result.Chosen[indexes[i]] = branches[packed.Chosen[i]];
                result.Rejected[indexes[i]] = branches[packed.Rejected[i]];
            }
        }
        return result;
    }
}
