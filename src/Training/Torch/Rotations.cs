using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// Rotary embedding (arXiv 2104.09864): the pair (2i, 2i + 1) of a query's or key's head, as a complex number, is multiplied by
/// length · e^(i · position · frequency).
/// </summary>
internal static class Rotations
{
    /// <summary>Of a pair, in radians a position: elements past ropeDim keep still.</summary>
    public static double Frequency(ModelConfig config, BlockAttention block, int pair)
    {
        if (2 * pair >= config.RopeDim || block.RopeBase == 0)
        {
            return 0;
        }
        var frequency = Math.Pow(block.RopeBase, -2.0 * pair / config.RopeDim);
        return block.Scaled
            ? config.Scaling.Stretch(
                config.RopeDivisors is { } divisors ? frequency / divisors[pair] : frequency,
                pair,
                config.RopeDim,
                block.RopeBase)
            : frequency;
    }

    /// <summary>Of a pair: queries and keys both carry the root of the scores' scale.</summary>
    public static double Length(ModelConfig config, BlockAttention block, int pair) =>
        (config.ScoreScale is { } scale ? Math.Sqrt(scale) : Math.Pow(config.HeadDim, -0.25))
        * (block.Scaled && 2 * pair < config.RopeDim ? config.Scaling.Length : 1);

    /// <summary>The factors of each row and each pair, complex [N, 1, headDim / 2], and their conjugates, which turn gradients.</summary>
    public static (Tensor Forth, Tensor Back) Of(PackedBatch batch, ModelConfig config, BlockAttention block, Device device)
    {
        using var scope = NewDisposeScope();
        var pairs = Enumerable.Range(0, config.HeadDim / 2).ToArray();
        var frequencies = pairs.Select(pair => Frequency(config, block, pair)).ToArray();
        var angles = tensor(batch.Positions.Select(p => (double)p).ToArray()).view(-1, 1, 1) * tensor(frequencies).view(1, 1, -1);
        var length = tensor(pairs.Select(pair => Length(config, block, pair)).ToArray()).view(1, 1, -1);
        var (real, imaginary) = ((angles.cos() * length).to(ScalarType.Float32), (angles.sin() * length).to(ScalarType.Float32));
        var (forth, back) = (complex(real, imaginary).to(device), complex(real, -imaginary).to(device));
        scope.MoveToOuter([forth, back]);
        return (forth, back);
    }
}
