namespace IterativeDpo.Generation.Sampling;

/// <summary>
/// Top-k, then top-p of what is left (Holtzman et al., arXiv 1904.09751), then min-p (arXiv 2407.01082). A histogram over the leading
/// bits of the weights tells how far down the ranking the filters can reach, and only tokens above that are sorted.
/// </summary>
/// <param name="topK">0 is off.</param>
/// <param name="topP">1 is off.</param>
/// <param name="minP">0 is off.</param>
public sealed class RankFilter(int topK, float topP, float minP, int vocabularySize)
{
    // Exponent and three bits of mantissa; weights are at most 1, whose bits are 0x3F800000.
    private const int BucketShift = 20;

    private readonly int[] _counts = new int[(0x3F800000 >> BucketShift) + 1];
    private readonly double[] _masses = new double[(0x3F800000 >> BucketShift) + 1];
    private readonly ulong[] _ranking = new ulong[vocabularySize]; // [V]

    /// <summary>The token at this share of the weight that the filters leave, likeliest first.</summary>
    public int Choose(WeightTable table, double uniform)
    {
        var kept = Keep(table, out var mass);
        var rest = uniform * mass;
        foreach (var entry in kept)
        {
            rest -= Weight(entry);
            if (rest < 0)
            {
                return Id(entry);
            }
        }
        return Id(kept[^1]);
    }

    /// <summary>The ranked tokens the filters keep, and their weight together.</summary>
    private ReadOnlySpan<ulong> Keep(WeightTable table, out double mass)
    {
        var ranking = Rank(table.Weights, least: topK == 0 && topP >= 1 ? minP : Reach(table));
        if (topK > 0 && ranking.Length > topK)
        {
            ranking = ranking[..topK];
        }
        var enough = topP < 1 ? topP * (topK > 0 ? Sum(ranking) : table.Total) : double.PositiveInfinity;
        mass = 0;
        var count = 0;
        while (count < ranking.Length && mass < enough && Weight(ranking[count]) >= minP)
        {
            mass += Weight(ranking[count++]);
        }
        return ranking[..count];
    }

    /// <summary>A weight under which top-k and top-p keep nothing.</summary>
    private float Reach(WeightTable table)
    {
        Array.Clear(_counts);
        Array.Clear(_masses);
        foreach (var weight in table.Weights)
        {
            var bucket = BitConverter.SingleToUInt32Bits(weight) >> BucketShift;
            _counts[bucket]++;
            _masses[bucket] += weight;
        }
        var (count, mass, lowest) = (0, 0.0, _counts.Length);
        do
        {
            lowest--;
            count += _counts[lowest];
            mass += _masses[lowest];
        }
        while (lowest > 0 && (topK > 0 ? count < topK : mass < topP * table.Total));
        return BitConverter.UInt32BitsToSingle((uint)lowest << BucketShift);
    }

    /// <summary>The tokens of at least this weight, likeliest first, ties by id: one sortable number each.</summary>
    private Span<ulong> Rank(ReadOnlySpan<float> weights, float least)
    {
        var count = 0;
        for (var id = 0; id < weights.Length; id++)
        {
            if (weights[id] >= least)
            {
                _ranking[count++] = ((ulong)~BitConverter.SingleToUInt32Bits(weights[id]) << 32) | (uint)id;
            }
        }
        var ranking = _ranking.AsSpan(0, count);
        ranking.Sort();
        return ranking;
    }

    private static double Sum(ReadOnlySpan<ulong> ranking)
    {
        var sum = 0.0;
        foreach (var entry in ranking)
        {
            sum += Weight(entry);
        }
        return sum;
    }

    private static float Weight(ulong entry) => BitConverter.UInt32BitsToSingle(~(uint)(entry >> 32));

    private static int Id(ulong entry) => (int)(uint)entry;
}
