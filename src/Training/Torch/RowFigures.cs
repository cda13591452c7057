using IterativeDpo.Training.Torch.Losses;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>What a pass says of the completions of P examples, first and second: float32 [2, P] each.</summary>
/// <param name="LogProbs">Sums of the tokens' log-probs, with LD-DPO's weights.</param>
/// <param name="TokenSums">Sums of the tokens' log-probs.</param>
/// <param name="Confidences">Means over the tokens of log p − log Σ_v p_v², or null where they are not asked for.</param>
/// <param name="Entropies">Sums of the distributions' entropies, nats.</param>
/// <param name="Hits">How many tokens were the likeliest ones.</param>
/// <param name="Logits">Sums over the tokens of the vocabulary's mean logit.</param>
/// <param name="Tokens">Tokens of each completion.</param>
internal sealed record RowFigures(
    Tensor LogProbs, Tensor TokenSums, Tensor? Confidences, Tensor Entropies, Tensor Hits, Tensor Logits, Tensor Tokens)
{
    /// <param name="tokenLogProbs">The leaf that gradients go to, [M].</param>
    public static RowFigures Of(Tensor tokenLogProbs, HeadOutput output, ExampleRows rows) => new(
        rows.Weighted(tokenLogProbs),
        rows.Sum(tokenLogProbs),
        output.Confidences is { } confidences ? rows.Sum(confidences) / rows.Lengths.clamp(1) : null,
        rows.Sum(output.Entropies),
        rows.Sum(output.Hits),
        rows.Sum(output.MeanLogits),
        rows.Lengths);

    /// <summary>The figures as the losses see them.</summary>
    /// <param name="reference">What the reference says in the place of <see cref="LogProbs"/>, [2, P].</param>
    /// <param name="labels">[P].</param>
    public LossBatch ToLossBatch(Tensor reference, Tensor labels, PlannedStep step)
    {
        LossSide Side(long row) => new(
            LogProbs.select(0, row),
            reference.select(0, row),
            TokenSums.select(0, row),
            Tokens.select(0, row),
            Confidences?.select(0, row));
        return new(Side(0), Side(1), labels, step.Examples, step.FirstTokens);
    }

    public RowFigures Detach() => Map(this, this, (figure, _) => figure.detach());

    public RowFigures MoveToOuterDisposeScope() => Map(this, this, (figure, _) => figure.MoveToOuterDisposeScope());

    /// <summary>These figures with others in the place of some examples.</summary>
    /// <param name="start">The first example replaced; as many are as the others have.</param>
    public RowFigures With(RowFigures others, int start) => Map(this, others, (mine, other) =>
    {
        var end = start + other.size(1);
        return cat([mine.narrow(1, 0, start), other, mine.narrow(1, end, mine.size(1) - end)], 1);
    });

    /// <summary>The figures of examples one after the other.</summary>
    public static RowFigures Join(IReadOnlyList<RowFigures> parts) =>
        parts.Aggregate((joined, next) => Map(joined, next, (a, b) => cat([a, b], 1)));

    private static RowFigures Map(RowFigures a, RowFigures b, Func<Tensor, Tensor, Tensor> map) => new(
        map(a.LogProbs, b.LogProbs), map(a.TokenSums, b.TokenSums),
        a.Confidences is null ? null : map(a.Confidences, b.Confidences!),
        map(a.Entropies, b.Entropies), map(a.Hits, b.Hits), map(a.Logits, b.Logits), map(a.Tokens, b.Tokens));
}
