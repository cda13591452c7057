using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>What a pass is asked about its experts.</summary>
/// <param name="RowCounts">See <see cref="PackedExamples.CountRows"/>.</param>
/// <param name="AuxCoefficient">What the auxiliary loss is multiplied by before it is sent back; 0: it is not.</param>
internal sealed record RouterQuestion(float[] RowCounts, double AuxCoefficient);

/// <summary>
/// How the tokens of a pass fell on experts, and the auxiliary loss that spreads them (arXiv 2101.03961) in TRL's form: E · Σ_e f_e · P_e,
/// with f_e the share of tokens that chose e, which sums to k, and P_e the mean probability of e, over all tokens and blocks together. Rows
/// count as often as a padded batch has them. A completion's last token is no row here, and does not count.
/// </summary>
internal sealed class RouterLoad
{
    private readonly BatchTensors _batch;
    private readonly int _experts;
    private readonly double _coefficient;
    private readonly Tensor _counts;
    private readonly Layer[] _layers;
    private float[] _slopes = [];

    /// <summary>Call inside the scope of the pass, which takes what is left.</summary>
    public RouterLoad(RouterQuestion question, BatchTensors batch, int layers, int experts)
    {
        (_batch, _experts, _coefficient) = (batch, experts, question.AuxCoefficient);
        _counts = tensor(question.RowCounts).to(batch.TokenIds.device).unsqueeze(1); // [N, 1]
        _layers = new Layer[layers];
    }

    /// <summary>How many tokens chose each expert of each block.</summary>
    public IReadOnlyList<double[]> Choices => [.. _layers.Select(layer => Array.ConvertAll(layer.Choices, count => (double)count))];

    /// <summary>E · Σ f · P; call once the pass has gone forward, and before it goes back.</summary>
    public double Finish()
    {
        var tokens = _layers.Sum(layer => layer.Tokens);
        var shares = Enumerable.Range(0, _experts).Select(e => _layers.Sum(layer => (double)layer.Choices[e]) / tokens).ToList();
        var means = Enumerable.Range(0, _experts).Select(e => _layers.Sum(layer => (double)layer.Probabilities[e]) / tokens);
        _slopes = [.. shares.Select(share => (float)(_coefficient * _experts * share / tokens))];
        return _experts * shares.Zip(means, (share, mean) => share * mean).Sum();
    }

    /// <summary>Takes a block's routing in: the same again where a pass is run twice.</summary>
    public void Record(int layer, Routing routing)
    {
        using var scope = NewDisposeScope();
        var counts = CountsOf(layer);
        // Sums of whole numbers, which are the same in any order.
        var choices = zeros_like(routing.Probabilities).scatter_(1, routing.Chosen, counts.expand(-1, routing.Chosen.size(1))).sum([0L]);
        _layers[layer] = new(
            Floats.Of(choices), Floats.Of((routing.Probabilities * counts).sum([0L])), counts.sum().item<float>());
    }

    /// <summary>Adds the auxiliary loss's d/dp, [n, E].</summary>
    public void AddSlopes(int layer, Tensor slopes)
    {
        if (_coefficient != 0)
        {
            using var scope = NewDisposeScope();
            slopes.addcmul_(CountsOf(layer), tensor(_slopes).to(slopes.device).unsqueeze(0), 1);
        }
    }

    /// <summary>[n, 1].</summary>
    private Tensor CountsOf(int layer) => _batch.RowsOf(layer).Kept is { } kept ? _counts.index_select(0, kept) : _counts;

    /// <param name="Choices">Tokens that chose each expert.</param>
    /// <param name="Probabilities">Sum over the tokens.</param>
    private readonly record struct Layer(float[] Choices, float[] Probabilities, double Tokens);
}
