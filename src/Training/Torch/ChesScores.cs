using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// How much a step on a pair would also push its chosen completion down: the length-normalised CHES score (Razin et al., arXiv 2410.08847),
/// ⟨h_w, h_l⟩ − ‖h_w‖², h the mean of a completion's hidden states, each the one that its token is predicted from. It is high where the two
/// are alike to the model.
/// </summary>
internal static class ChesScores
{
    /// <summary>Of all pairs, as many at a time as fit.</summary>
    /// <param name="lora">The policy's adapter; null is the model itself.</param>
    public static float[] Compute(
        PolicyModel model,
        LoraWeights? lora,
        IReadOnlyList<ITrainingExample> pairs,
        int microBatchTokens,
        CancellationToken cancellation)
    {
        var scores = new float[pairs.Count];
        foreach (var pass in ExampleBatches.SplitByTokens(pairs, Enumerable.Range(0, pairs.Count), microBatchTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var packed = PackedExamples.Create(Array.ConvertAll(pass, i => pairs[i]), model.Unlearned);
            foreach (var (i, score) in pass.Zip(Floats.Of(Of(model.Hidden(model.Upload(packed.Batch), lora), packed))))
            {
                scores[i] = score;
            }
        }
        return scores;
    }

    /// <param name="hidden">A row for each completion token, float32 [M, dim].</param>
    /// <returns>[P].</returns>
    public static Tensor Of(Tensor hidden, PackedExamples packed)
    {
        var lengths = packed.Batch.BranchTokens;
        var branches = Floats.Indexes(lengths.SelectMany((length, branch) => Enumerable.Repeat(branch, length)), hidden.device); // [M]
        var counts = tensor(Array.ConvertAll(lengths, length => Math.Max(1f, length))).to(hidden.device); // [S]
        var means = zeros(lengths.Length, hidden.size(1), device: hidden.device).index_add_(0, branches, hidden, 1) / counts.unsqueeze(1);
        var (chosen, rejected) = (
            means.index_select(0, Floats.Indexes(packed.First, hidden.device)),
            means.index_select(0, Floats.Indexes(packed.Second, hidden.device)));
        return (chosen * (rejected - chosen)).sum(1);
    }

    /// <summary>
    /// The indexes, in order, without the share that scores highest; of equal ones the first stay, and one stays in any case.
    /// </summary>
    public static int[] Lowest(float[] scores, double dropped)
    {
        var kept = Math.Max(1, scores.Length - (int)Math.Round(scores.Length * dropped));
        return [.. Enumerable.Range(0, scores.Length).OrderBy(i => scores[i]).Take(kept).Order()];
    }
}
