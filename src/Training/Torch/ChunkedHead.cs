using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>What the head says of each predicted token.</summary>
/// <param name="LogProbs">log p of the token, [M].</param>
/// <param name="Entropies">Entropy of the distribution it came from, in nats, [M].</param>
/// <param name="Hits">1 where it was the likeliest token, [M].</param>
/// <param name="LogNormalisers">log Z = log Σ_v exp(logit), [M].</param>
/// <param name="MeanLogits">Mean of the logits over the vocabulary, [M].</param>
/// <param name="Slopes">d log p / d hidden, [M, dim].</param>
/// <param name="Confidences">log p − log Σ_v p_v² (WPO, arXiv 2406.11827 eq. 4), [M]; null where it was not asked for.</param>
internal sealed record HeadOutput(
    Tensor LogProbs, Tensor Entropies, Tensor Hits, Tensor LogNormalisers, Tensor MeanLogits, Tensor Slopes, Tensor? Confidences);

/// <summary>
/// The output map and the log-softmax, some rows at a time, so that the logits of the whole batch never exist. Log-probs
/// are float32. With W the output map and p = softmax(W h): log p_y has the slope W_y − Wᵀp in h, and the entropy is
/// log Z − h·Wᵀp, so one more product gives both without keeping or computing again any logits. Where logits z are capped, c · tanh(z / c),
/// each row of W counts in the slopes as much as the cap's slope there is.
/// </summary>
internal static class ChunkedHead
{
    // 16 MiB of float32 logits at once.
    private const long LogitsAtOnce = 4 << 20;
    private const long VocabularyAtOnce = 1 << 14;

    /// <param name="weight">[V, dim], of the compute type.</param>
    /// <param name="hidden">Normalised hidden rows, float32 [M, dim].</param>
    /// <param name="targets">Token ids, [M].</param>
    /// <param name="confidences">Whether <see cref="HeadOutput.Confidences"/> are wanted: they cost a pass over the logits.</param>
    /// <param name="cap">c of the logits' cap; 0: none.</param>
    public static HeadOutput Forward(Tensor weight, Tensor hidden, Tensor targets, bool confidences = false, float cap = 0)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var chunks = new List<HeadOutput>();
        foreach (var (start, length) in Chunks(hidden.size(0), weight.size(0)))
        {
            chunks.Add(ForwardChunk(weight, hidden.narrow(0, start, length), targets.narrow(0, start, length), confidences, cap));
        }
        Tensor Join(Func<HeadOutput, Tensor> part) => cat([.. chunks.Select(part)]).MoveToOuterDisposeScope();
        return new(
            Join(c => c.LogProbs),
            Join(c => c.Entropies),
            Join(c => c.Hits),
            Join(c => c.LogNormalisers),
            Join(c => c.MeanLogits),
            Join(c => c.Slopes),
            confidences ? Join(c => c.Confidences!) : null);
    }

    /// <summary>The log-probs alone, [M].</summary>
    public static Tensor LogProbs(Tensor weight, Tensor hidden, Tensor targets, float cap = 0)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var chunks = new List<Tensor>();
        foreach (var (start, length) in Chunks(hidden.size(0), weight.size(0)))
        {
            using var inner = NewDisposeScope();
            var logits = Logits(weight, hidden.narrow(0, start, length), cap);
            var target = logits.gather(1, targets.narrow(0, start, length).unsqueeze(1)).squeeze(1);
            chunks.Add((target - logits.logsumexp(1)).MoveToOuterDisposeScope());
        }
        return cat([.. chunks]).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Adds d(Σ gradient · log p)/dW to <paramref name="into"/>, [V, dim], from logits computed again, a slice of the vocabulary at a time:
    /// each row of the gradient is touched once.
    /// </summary>
    /// <param name="logNormalisers">From <see cref="Forward"/>, [M].</param>
    /// <param name="gradient">d loss / d log p, [M].</param>
    public static void AddWeightGradient(
        Tensor weight,
        Tensor hidden,
        Tensor targets,
        Tensor logNormalisers,
        Tensor gradient,
        Tensor into,
        float cap = 0)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var rows = hidden.to(weight.dtype);
        foreach (var (start, length) in Chunks(weight.size(0), hidden.size(0)))
        {
            using var inner = NewDisposeScope();
            var logits = Logits(rows, weight.narrow(0, start, length), cap); // [length, M]
            var slope = CapSlope(logits, cap);
            var expected = logits.sub_(logNormalisers).exp_().mul_(gradient);
            into.narrow(0, start, length).sub_((slope is null ? expected : expected.mul_(slope)).to(weight.dtype).mm(rows));
        }
        if (cap > 0)
        {
            var z = (hidden * weight.index_select(0, targets)).sum(1);
            gradient = gradient * CapSlope(z.div_(cap).tanh_().mul_(cap), cap)!;
        }
        into.index_add_(0, targets, hidden * gradient.unsqueeze(1), 1);
    }

    private static HeadOutput ForwardChunk(Tensor weight, Tensor hidden, Tensor targets, bool confidences, float cap)
    {
        using var scope = NewDisposeScope();
        var logits = Logits(weight, hidden, cap);
        var (capped, slope) = (cap > 0 ? logits.clone() : null, CapSlope(logits, cap));
        var target = logits.gather(1, targets.unsqueeze(1));
        var meanLogit = logits.mean([1L]);
        var max = logits.amax(1).unsqueeze(1);
        var exponentials = logits.sub_(max).exp_();
        var sum = exponentials.sum(1, keepdim: true);
        var logZ = max + sum.log();
        var mean = WeightedRows(slope is null ? exponentials : exponentials * slope, weight) / sum; // Wᵀp, [m, dim]
        var entropy =
            logZ - (capped is null ? (hidden * mean).sum(1, keepdim: true) : capped.mul_(exponentials).sum(1, keepdim: true) / sum);
        var own = weight.index_select(0, targets); // [m, dim]
        return new(
            (target - logZ).squeeze(1).MoveToOuterDisposeScope(),
            entropy.squeeze(1).MoveToOuterDisposeScope(),
            (target == max).to(ScalarType.Float32).squeeze(1).MoveToOuterDisposeScope(),
            logZ.squeeze(1).MoveToOuterDisposeScope(),
            meanLogit.MoveToOuterDisposeScope(),
            ((slope is null ? own : own * slope.gather(1, targets.unsqueeze(1))) - mean).MoveToOuterDisposeScope(),
            confidences
                ? (target - max - (exponentials.pow(2).sum(1, keepdim: true) / sum).log()).squeeze(1).MoveToOuterDisposeScope()
                : null);
    }

    /// <summary>Σ_v weights[v] · rows[v], [m, dim]. One product over a whole vocabulary adds up too many float32 in a row.</summary>
    private static Tensor WeightedRows(Tensor weights, Tensor rows)
    {
        var sum = zeros(weights.size(0), rows.size(1), device: rows.device);
        for (long start = 0; start < rows.size(0); start += VocabularyAtOnce)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(VocabularyAtOnce, rows.size(0) - start);
            sum.add_(weights.narrow(1, start, length).to(rows.dtype).mm(rows.narrow(0, start, length)));
        }
        return sum;
    }

    /// <summary>Of some rows, float32 [m, V].</summary>
    public static Tensor Logits(Tensor weight, Tensor hidden, float cap)
    {
        var logits = nn.functional.linear(hidden.to(weight.dtype), weight).to(ScalarType.Float32);
        return cap == 0 ? logits : logits.div_(cap).tanh_().mul_(cap);
    }

    /// <summary>d (c tanh(z / c)) / dz = 1 − tanh², from capped logits; null where there is no cap.</summary>
    private static Tensor? CapSlope(Tensor capped, float cap) => cap == 0 ? null : 1 - (capped / cap).square();

    /// <summary>Rows of <paramref name="rows"/> to be taken at once, when each gives <paramref name="width"/> logits.</summary>
    private static IEnumerable<(long Start, long Length)> Chunks(long rows, long width)
    {
        var size = Math.Max(16, LogitsAtOnce / width);
        for (long start = 0; start < rows; start += size)
        {
            yield return (start, Math.Min(size, rows - start));
        }
    }
}
