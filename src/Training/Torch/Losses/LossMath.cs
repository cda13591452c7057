using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>The terms that losses are made of: finite, and with finite gradients, for log-ratios of any length.</summary>
internal static class LossMath
{
    /// <summary>e^80 is 5.5e34: sums and multiples of it are still float32 numbers.</summary>
    private const float MaxExponent = 80;

    /// <summary>Its square is 1e36, as above.</summary>
    private const float MaxRoot = 1e18f;

    /// <summary>About the distance from 1 of the nearest float32 below.</summary>
    private const float LeastDistanceFromCertain = 1e-7f;

    /// <summary>ℓ(x) = −log σ(x).</summary>
    public static Tensor LogLoss(Tensor x) => -nn.functional.logsigmoid(x);

    /// <summary>e^x; constant past the largest exponent.</summary>
    public static Tensor Exp(Tensor x) => x.clamp_max(MaxExponent).exp();

    /// <summary>e^x − 1, exact near 0; constant past the largest exponent.</summary>
    public static Tensor ExpMinus1(Tensor x) => x.clamp_max(MaxExponent).expm1();

    /// <summary>x²; constant where it would overflow.</summary>
    public static Tensor Square(Tensor x) => x.clamp(-MaxRoot, MaxRoot).square();

    /// <summary>log(1 − e^x) of a log-prob; −16 where the token is certain, and 1 − e^x would be 0.</summary>
    public static Tensor Log1mExp(Tensor x) => (-x.clamp_max(-LeastDistanceFromCertain).expm1()).log();
}
