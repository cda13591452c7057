using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace IterativeDpo.Judging.Quality;

/// <summary>
/// How long verdicts took: a histogram whose buckets grow by 2^(1/8), so that quantiles are right within 5 % whatever the number of
/// verdicts.
/// </summary>
/// <param name="Buckets">How many took from 2^(i/8) to 2^((i+1)/8) microseconds, by i; what took less is in bucket 0.</param>
/// <param name="TotalSeconds">Their sum, exactly.</param>
public sealed record Latency(ImmutableSortedDictionary<int, long> Buckets, double TotalSeconds)
{
    private const double BucketsPerDoubling = 8;
    private const double SmallestSeconds = 1e-6;

    public static Latency None { get; } = new(ImmutableSortedDictionary<int, long>.Empty, 0);

    [JsonIgnore]
    public long Count => Buckets.Values.Sum();

    /// <summary>0 where there is none.</summary>
    [JsonIgnore]
    public double MeanSeconds => Count == 0 ? 0 : TotalSeconds / Count;

    public static Latency operator +(Latency left, Latency right) => Add(left, right);

    public static Latency Add(Latency left, Latency right)
    {
        var buckets = left.Buckets.ToBuilder();
        foreach (var (bucket, count) in right.Buckets)
        {
            buckets[bucket] = buckets.GetValueOrDefault(bucket) + count;
        }
        return new(buckets.ToImmutable(), left.TotalSeconds + right.TotalSeconds);
    }

    public static Latency Of(IEnumerable<double> seconds) => seconds.Aggregate(None, (sum, one) => sum.With(one));

    public Latency With(double seconds)
    {
        var bucket = seconds <= SmallestSeconds ? 0 : (int)(BucketsPerDoubling * Math.Log2(seconds / SmallestSeconds));
        return new(Buckets.SetItem(bucket, Buckets.GetValueOrDefault(bucket) + 1), TotalSeconds + seconds);
    }

    /// <summary>The seconds that this share of verdicts (0 to 1) took at most; 0 where there is none.</summary>
    public double Quantile(double share)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        foreach (var (bucket, count) in Buckets)
        {
            rank -= count;
            if (rank <= 0)
            {
                return SmallestSeconds * Math.Pow(2, (bucket + 0.5) / BucketsPerDoubling);
            }
        }
        return 0;
    }
}
