using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>s = f(r): what a divergence between policy and reference makes of their log-ratio (arXiv 2309.16240, table 1).</summary>
internal static class Scores
{
    /// <summary>A completion's score, [P].</summary>
    public static Tensor Of(LossSide side, LossOptions options)
    {
        var order = options.AlphaDivergenceCoefficient - 1;
        return options.FDivergence switch
        {
            FDivergence.ForwardKl => -LossMath.Exp(-side.Ratio),
            FDivergence.JsDivergence => nn.functional.logsigmoid(side.Ratio),
            FDivergence.AlphaDivergence when order != 0 => LossMath.Exp(side.Ratio * order) / order,
            _ => side.Ratio,
        };
    }

    /// <summary>A completion's score by token, s / n, [P].</summary>
    public static Tensor PerToken(LossSide side, LossOptions options) => Of(side, options) / side.Divisor;

    /// <summary>βΔ = β(s_w − s_l), [P].</summary>
    public static Tensor Margin(LossBatch x, LossOptions options) => (Of(x.Chosen, options) - Of(x.Rejected, options)) * options.Beta;
}
