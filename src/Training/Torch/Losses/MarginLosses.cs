using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>Losses of how far the chosen completion's score is above the rejected one's.</summary>
internal static class MarginLosses
{
    /// <summary>ε of exo_pair where it would be 0, whose logarithm there is none of.</summary>
    private const float LeastSmoothing = 1e-3f;

    public static Tensor Sigmoid(LossBatch x, LossOptions options) => Smoothed(Scores.Margin(x, options), x, options);

    public static Tensor SigmoidNorm(LossBatch x, LossOptions options) =>
        LossMath.LogLoss((Scores.PerToken(x.Chosen, options) - Scores.PerToken(x.Rejected, options)) * options.Beta);

    public static Tensor Robust(LossBatch x, LossOptions options)
    {
        var z = Scores.Margin(x, options);
        var smoothing = options.LabelSmoothing;
        return (LossMath.LogLoss(z) * (1 - smoothing) - LossMath.LogLoss(-z) * smoothing) / (1 - 2 * smoothing);
    }

    public static Tensor Hinge(LossBatch x, LossOptions options) => (1 - Scores.Margin(x, options)).relu();

    public static Tensor ExoPair(LossBatch x, LossOptions options)
    {
        var z = Scores.Margin(x, options);
        var flipped = options.ProbabilisticLabels
            ? (1 - x.Labels).clamp(LeastSmoothing, 1 - LeastSmoothing)
            : full_like(x.Labels, options.LabelSmoothing == 0 ? LeastSmoothing : options.LabelSmoothing);
        return z.sigmoid() * (-LossMath.LogLoss(z) - (1 - flipped).log()) + (-z).sigmoid() * (-LossMath.LogLoss(-z) - flipped.log());
    }

    public static Tensor Discopop(LossBatch x, LossOptions options)
    {
        var z = Scores.Margin(x, options);
        var modulation = z / options.DiscopopTau;
        // m e^(−z) as one exponential: apart, one factor overflows where the other vanishes.
        return (-modulation).sigmoid() * LossMath.LogLoss(z) + LossMath.Exp(-LossMath.LogLoss(modulation) - z);
    }

    public static Tensor Geometric(LossBatch x, LossOptions options) => LossMath.LogLoss(Scores.Margin(x, options) * (2 * x.Labels - 1));

    public static Tensor LengthRegularised(LossBatch x, LossOptions options) =>
        LossMath.LogLoss(Scores.Margin(x, options) + (x.Chosen.Tokens - x.Rejected.Tokens) * options.LengthAlpha);

    public static Tensor RaoKupper(LossBatch x, LossOptions options)
    {
        var (z, margin) = (Scores.Margin(x, options), MathF.Log(options.RaoKupperNu));
        var won = LossMath.LogLoss(z - margin);
        return where(IsTie(x), won + LossMath.LogLoss(-z - margin) - MathF.Log(options.RaoKupperNu * options.RaoKupperNu - 1), won);
    }

    public static Tensor Davidson(LossBatch x, LossOptions options)
    {
        var (z, tie) = (Scores.Margin(x, options), MathF.Log(2 * options.DavidsonNu));
        var won = stack([zeros_like(z), -z, tie - z / 2]).logsumexp(0);
        return where(IsTie(x), won + z / 2 - tie, won);
    }

    private static Tensor IsTie(LossBatch x) => x.Labels == 0.5f;

    /// <summary>p ℓ(z) + (1 − p) ℓ(−z), p the label: 1 − ε, or the pair's own.</summary>
    public static Tensor Smoothed(Tensor z, LossBatch x, LossOptions options)
    {
        if (options.ProbabilisticLabels)
        {
            return LossMath.LogLoss(z) * x.Labels + LossMath.LogLoss(-z) * (1 - x.Labels);
        }
        return LossMath.LogLoss(z) * (1 - options.LabelSmoothing) + LossMath.LogLoss(-z) * options.LabelSmoothing;
    }
}
