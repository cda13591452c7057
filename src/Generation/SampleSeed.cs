namespace IterativeDpo.Generation;

/// <summary>
/// Derives a sample's seed from what the sample is, so that it depends on no node, batch or order:
/// (campaign seed, round, prompt id, sample index) through SplitMix64's finaliser (Steele et al. 2014).
/// </summary>
public static class SampleSeed
{
    public static ulong Derive(ulong campaignSeed, int round, string promptId, int sampleIndex)
    {
        var h = Mix(campaignSeed);
        h = Mix(h ^ (ulong)(uint)round);
        foreach (var c in promptId)
        {
            h = Mix(h ^ c);
        }
        return Mix(h ^ (ulong)(uint)sampleIndex);
    }

    /// <summary>SplitMix64: one step of the sequence and its finaliser.</summary>
    public static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15UL;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}
