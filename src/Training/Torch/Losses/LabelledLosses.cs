using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>Losses of labelled completions.</summary>
internal static class LabelledLosses
{
    public static Tensor Kto(LossBatch x, LossOptions options) => ByLabel((x.Completion.Ratio - Divergence(x)) * options.Beta, x, options);

    public static Tensor ApoZero(LossBatch x, LossOptions options) => ByLabel(x.Completion.Ratio * options.Beta, x, options);

    /// <summary>K: how far the policy is from the reference on completions of other prompts, at least 0; a constant, no gradient.</summary>
    public static Tensor Divergence(LossBatch x)
    {
        // Where no other prompt lends one, there is none to count.
        var count = (x.Mismatched.Tokens > 0).to(x.Labels.dtype).sum().clamp_min(1);
        return (x.Mismatched.Ratio.detach().sum() / count).clamp_min(0);
    }

    public static IEnumerable<(string Name, Tensor Value)> KtoMetrics(LossBatch x)
    {
        yield return ("kl", Divergence(x));
    }

    /// <summary>λ_D σ(−z) for a desirable completion, λ_U σ(z) for an undesirable one.</summary>
    private static Tensor ByLabel(Tensor z, LossBatch x, LossOptions options) =>
        (-z).sigmoid() * x.Labels * options.DesirableWeight + z.sigmoid() * (1 - x.Labels) * options.UndesirableWeight;
}
