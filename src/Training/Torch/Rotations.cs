using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// Rotary embedding (arXiv 2104.09864): the pair (2i, 2i + 1) of a query's or key's head, as a complex number, is multiplied by
/// length · e^(i · position · frequency).
/// </summary>
internal static class Rotations
{
    /// <summary>Of a pair, in radians a position: elements past ropeDim keep still.</summary>
    public static double Frequency(ModelConfig config, int pair) =>
        2 * pair < config.RopeDim ? Math.Pow(config.RopeBase, -2.0 * pair / config.RopeDim) : 0;

    /// <summary>Queries and keys both carry the root of the scores' scale, 1 / √headDim.</summary>
    public static double Length(ModelConfig config) => Math.Pow(config.HeadDim, -0.25);
}
