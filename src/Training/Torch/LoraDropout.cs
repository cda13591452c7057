using IterativeDpo.Generation;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// Dropout on the inputs of the adapter's maps. A map's mask follows from the seed and the map's name alone: it is the same when a
/// forward pass is run again, and after a resume. Maps that are computed as one share a mask.
/// </summary>
/// <param name="Share">The chance that a value is dropped, below 1. The others are scaled up by 1 / (1 - share), see
/// <see cref="Scale"/>.</param>
internal sealed record LoraDropout(float Share, ulong Seed)
{
    public float Scale => 1 / (1 - Share);

    /// <summary>The dropout of one part of the work under this seed.</summary>
    public LoraDropout At(int part) => this with { Seed = SampleSeed.Mix(Seed ^ SampleSeed.Mix((ulong)part)) };

    /// <summary>1 where a value of the map's input stays and 0 where it is dropped, of the input's shape and type.</summary>
    public Tensor Mask(Tensor input, string map)
    {
        var seed = Seed;
        foreach (var c in map)
        {
            seed = SampleSeed.Mix(seed ^ c);
        }
        using var scope = NewDisposeScope();
        // Drawn on the processor: TorchSharp's generators are of no other device, and a GPU then drops the same values.
        using var generator = new Generator(seed);
        return rand(input.shape, generator: generator).ge(Share).to(input.dtype).to(input.device).MoveToOuterDisposeScope();
    }
}
