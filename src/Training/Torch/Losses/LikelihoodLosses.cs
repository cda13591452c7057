using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>Losses of the policy's own log-probs, without a reference.</summary>
internal static class LikelihoodLosses
{
    public static Tensor Simpo(LossBatch x, LossOptions options) => MarginLosses.Smoothed(TargetMargin(x, MeanReward, options), x, options);

    public static Tensor SimpoHinge(LossBatch x, LossOptions options) => (1 - TargetMargin(x, MeanReward, options)).relu();

    public static Tensor Alphapo(LossBatch x, LossOptions options) =>
        MarginLosses.Smoothed(TargetMargin(x, AlphaReward, options), x, options);

    public static Tensor Cpo(LossBatch x, LossOptions options) =>
        MarginLosses.Smoothed(SumReward(x.Chosen, options) - SumReward(x.Rejected, options), x, options) + WeightedLikelihood(x, options);

    public static Tensor CpoHinge(LossBatch x, LossOptions options) =>
        (1 - (SumReward(x.Chosen, options) - SumReward(x.Rejected, options))).relu() + WeightedLikelihood(x, options);

    public static Tensor CpoIpo(LossBatch x, LossOptions options) =>
        LossMath.Square(x.Chosen.Mean - x.Rejected.Mean - 1 / (2 * options.Beta)) + WeightedLikelihood(x, options);

    public static Tensor Orpo(LossBatch x, LossOptions options) => x.NegativeLogLikelihood + LossMath.LogLoss(LogOdds(x)) * options.Beta;

    public static IEnumerable<(string Name, Tensor Value)> OrpoMetrics(LossBatch x)
    {
        var odds = LogOdds(x);
        yield return ("log_odds_chosen", odds.mean());
        yield return ("log_odds_ratio", -LossMath.LogLoss(odds).mean());
    }

    /// <summary>βW.</summary>
    public static Tensor SumReward(LossSide side, LossOptions options) => side.LogProbs * options.Beta;

    /// <summary>βW̄.</summary>
    public static Tensor MeanReward(LossSide side, LossOptions options) => side.Mean * options.Beta;

    /// <summary>β(1 − p̄^(−α)) / α, p̄ = e^W̄; its limit for α → 0 is βW̄.</summary>
    public static Tensor AlphaReward(LossSide side, LossOptions options) => options.AlphapoAlpha == 0
        ? MeanReward(side, options)
        : LossMath.ExpMinus1(side.Mean * -options.AlphapoAlpha) * (-options.Beta / options.AlphapoAlpha);

    private static Tensor TargetMargin(LossBatch x, Func<LossSide, LossOptions, Tensor> reward, LossOptions options) =>
        reward(x.Chosen, options) - reward(x.Rejected, options) - (options.GammaBetaRatio * options.Beta ?? options.SimpoGamma);

    private static Tensor WeightedLikelihood(LossBatch x, LossOptions options) => x.NegativeLogLikelihood * options.CpoAlpha;

    private static Tensor LogOdds(LossBatch x) =>
        x.Chosen.Mean - x.Rejected.Mean - (LossMath.Log1mExp(x.Chosen.Mean) - LossMath.Log1mExp(x.Rejected.Mean));
}
