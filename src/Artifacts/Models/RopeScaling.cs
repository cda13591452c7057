namespace IterativeDpo.Artifacts.Models;

public enum RopeScalingKind { None, Linear, Yarn }

/// <summary>How rotary positions are stretched beyond those that a model began with, as llama.cpp does it.</summary>
/// <param name="Factor">How much longer the context became.</param>
/// <param name="OriginalContext">YaRN: positions that the model began with; otherwise 0.</param>
/// <param name="AttentionFactor">Cosines and sines are multiplied by it, whatever the kind.</param>
/// <param name="KeepsLength">YaRN: they are not multiplied by more, as Mistral's are not.</param>
public sealed record RopeScaling(
    RopeScalingKind Kind,
    float Factor = 1,
    int OriginalContext = 0,
    float AttentionFactor = 1,
    bool KeepsLength = false)
{
    // Turns over the original context: pairs of more keep their frequency, and pairs of less are stretched whole.
    private const double FastTurns = 32, SlowTurns = 1;

    public static readonly RopeScaling None = new(RopeScalingKind.None);

    /// <summary>What a turned pair's length is multiplied by; YaRN (arXiv 2309.00071) makes up for flatter scores.</summary>
    public double Length => AttentionFactor * (Kind == RopeScalingKind.Yarn && !KeepsLength ? 1 + 0.1 * Math.Log(Factor) : 1);

    /// <summary>The frequency of a pair, in radians a position, from the one without scaling.</summary>
    /// <param name="ropeDim">Elements of a head that rotate.</param>
    /// <param name="ropeBase">θ of the rotary embedding.</param>
    public double Stretch(double frequency, int pair, int ropeDim, double ropeBase)
    {
        if (Kind == RopeScalingKind.None) return frequency;
        var kept = Kind == RopeScalingKind.Yarn ? KeptShare(pair, ropeDim, ropeBase) : 0;
        return frequency / Factor * (1 - kept) + frequency * kept;
    }

    /// <summary>1 for fast pairs, 0 for slow ones, a line between.</summary>
    private double KeptShare(int pair, int ropeDim, double ropeBase)
    {
        double PairOf(double turns) => ropeDim * Math.Log(OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(ropeBase));
        var (low, high) = (Math.Max(0, Math.Floor(PairOf(FastTurns))), Math.Min(ropeDim - 1, Math.Ceiling(PairOf(SlowTurns))));
        return 1 - Math.Clamp((pair - low) / Math.Max(0.001, high - low), 0, 1);
    }
}
