namespace IterativeDpo.Generation.Sampling;

/// <summary>A sample's own random stream: SplitMix64 (Steele et al. 2014) from the sample's seed.</summary>
public struct SampleRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next number in [0, 1), with 53 random bits.</summary>
    public double NextDouble()
    {
        var bits = SampleSeed.Mix(_state);
        _state += SampleSeed.Increment;
        return (bits >> 11) * (1.0 / (1UL << 53));
    }
}
