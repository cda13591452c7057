using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>Losses that say of each completion where its own reward should be.</summary>
internal static class RewardLosses
{
    public static Tensor Ipo(LossBatch x, LossOptions options)
    {
        Tensor Score(LossSide side) => options.IpoOnSums ? Scores.Of(side, options) : Scores.PerToken(side, options);
        return LossMath.Square(Score(x.Chosen) - Score(x.Rejected) - 1 / (2 * options.Beta));
    }

    public static Tensor SppoHard(LossBatch x, LossOptions options)
    {
        var target = 1 / (2 * options.Beta);
        return LossMath.Square(Scores.Of(x.Chosen, options) - target) + LossMath.Square(Scores.Of(x.Rejected, options) + target);
    }

    public static Tensor Sppo(LossBatch x, LossOptions options)
    {
        var target = (x.Labels - 0.5f) / options.Beta;
        return (LossMath.Square(x.Chosen.Ratio - target) + LossMath.Square(x.Rejected.Ratio + target)) / 2;
    }

    public static Tensor NcaPair(LossBatch x, LossOptions options)
    {
        var (chosen, rejected) = Rewards(x, options);
        return LossMath.LogLoss(chosen) + (LossMath.LogLoss(-chosen) + LossMath.LogLoss(-rejected)) / 2;
    }

    public static Tensor BcoPair(LossBatch x, LossOptions options)
    {
        var (chosen, rejected) = Rewards(x, options);
        return LossMath.LogLoss(chosen - x.RewardShift) + LossMath.LogLoss(x.RewardShift - rejected);
    }

    public static Tensor ApoZero(LossBatch x, LossOptions options) =>
        (x.Chosen.Ratio * -options.Beta).sigmoid() + (x.Rejected.Ratio * options.Beta).sigmoid();

    public static Tensor ApoDown(LossBatch x, LossOptions options) =>
        (x.Chosen.Ratio * options.Beta).sigmoid() + (-Scores.Margin(x, options)).sigmoid();

    /// <summary>βs of both sides, [P] each.</summary>
    public static (Tensor Chosen, Tensor Rejected) Rewards(LossBatch x, LossOptions options) =>
        (Scores.Of(x.Chosen, options) * options.Beta, Scores.Of(x.Rejected, options) * options.Beta);
}
