namespace IterativeDpo.Artifacts.Models;

/// <summary>
/// Blocks that convolve in place of attention (LFM2): (b, c, x) = thirds of in_proj · h,
/// y_t = Σ_j kernel[·, j] · (b · x)_{t − taps + 1 + j}, and what they give is out_proj · (c · y).
/// </summary>
/// <param name="Taps">Tokens that a token's convolution sees, itself the last.</param>
/// <param name="Attending">The blocks that attend, in order; the others convolve.</param>
public sealed record ShortConvolution(int Taps, IReadOnlyList<int> Attending)
{
    public const string Input = "shortconv.in_proj", Kernel = "shortconv.conv", Output = "shortconv.out_proj";

    public bool Equals(ShortConvolution? other) =>
        other is not null && Taps == other.Taps && Attending.SequenceEqual(other.Attending);

    public override int GetHashCode() => HashCode.Combine(Taps, Attending.Count);
}
