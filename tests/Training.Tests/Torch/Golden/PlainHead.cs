using IterativeDpo.Training.Tests.Torch.Losses;

namespace IterativeDpo.Training.Tests.Torch.Golden;

/// <summary>What logits say of the token that follows, in float64 and by the definitions.</summary>
internal sealed record PlainToken(double LogProb, double Confidence, double Entropy, bool Hit, double MeanLogit)
{
    public static PlainToken Of(ReadOnlySpan<double> logits, int target)
    {
        var sum = 0.0;
        foreach (var logit in logits)
        {
            sum += Math.Exp(logit);
        }
        double squares = 0, entropy = 0, total = 0, max = double.NegativeInfinity;
        foreach (var logit in logits)
        {
            var p = Math.Exp(logit) / sum;
            squares += p * p;
            entropy -= p * Math.Log(p);
            total += logit;
            max = Math.Max(max, logit);
        }
        var logProb = logits[target] - Math.Log(sum);
        return new(logProb, logProb - Math.Log(squares), entropy, logits[target] == max, total / logits.Length);
    }
}

/// <summary>The completions of a golden file's rows: what their logits say, token by token.</summary>
internal sealed record PlainRows(PlainToken[][] Policy, PlainToken[][] Reference)
{
    public double[] LogProbs(bool policy) => [.. (policy ? Policy : Reference).Select(row => row.Sum(t => t.LogProb))];

    /// <summary>Examples of two rows each, as the losses see them.</summary>
    public PlainBatch Batch(LossOptions options, int[] first, int[] second, double[] labels)
    {
        int Length(int row) => Policy[row].Length;
        double Sum(PlainToken[][] rows, int row, int other)
        {
            var shared = Math.Min(Length(row), Length(other));
            return rows[row].Select((t, i) => (i < shared ? 1 : options.LdAlpha) * t.LogProb).Sum();
        }
        double Mean(int row) => Policy[row].Average(t => t.Confidence);
        double[] Sums(PlainToken[][] rows, int[] of, int[] others) => [.. of.Zip(others, (row, other) => Sum(rows, row, other))];
        var batch = new PlainBatch(
            Sums(Policy, first, second), Sums(Policy, second, first), Sums(Reference, first, second), Sums(Reference, second, first),
            [.. first.Select(Length)], [.. second.Select(Length)], [.. first.Select(row => Policy[row].Sum(t => t.LogProb))], labels,
            [.. first.Zip(second, (a, b) => options.Wpo ? Math.Exp(Mean(a) + Mean(b)) : 1)], 0);
        return batch with { K = batch.Divergence() };
    }
}
