using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Quality;

/// <summary>How often the longer one of two samples of different length wins, where one wins.</summary>
/// <param name="ByRatio">The same by how much longer it is.</param>
public sealed record LengthBias(Share LongerWins, IReadOnlyList<LengthBucket> ByRatio);

/// <summary>Pairs whose longer sample is at most so many times as long as the other, and longer than in the bucket before.</summary>
/// <param name="UpTo">The ratio; null is any.</param>
public sealed record LengthBucket(double? UpTo, Share LongerWins);

/// <summary>Counts towards <see cref="LengthBias"/>.</summary>
internal sealed class LengthCounter
{
    private static readonly double[] Ratios = [1.1, 1.25, 1.5, 2, 4, double.PositiveInfinity];

    private readonly Share[] _byRatio = new Share[Ratios.Length];

    /// <summary>
    /// The lengths of the answers of a prompt's samples, without thoughts: in tokens where all have them, else in characters.
    /// </summary>
    public static int[] LengthsOf(IReadOnlyList<Sample> samples) => samples.All(sample => sample.TokenIds.Length > 0)
        ? [.. samples.Select(sample => sample.AnswerIds.Count)]
        : [.. samples.Select(sample => sample.Answer.Length)];

    public void Add(int winner, int loser)
    {
        if (winner != loser)
        {
            var ratio = (double)Math.Max(winner, loser) / Math.Min(winner, loser);
            var bucket = Array.FindIndex(Ratios, upTo => ratio <= upTo);
            _byRatio[bucket] = _byRatio[bucket].With(winner > loser);
        }
    }

    public LengthBias Figures() => new(
        new Share(_byRatio.Sum(share => share.Count), _byRatio.Sum(share => share.Of)),
        [.. _byRatio.Select((share, i) => new LengthBucket(double.IsFinite(Ratios[i]) ? Ratios[i] : null, share))]);
}
