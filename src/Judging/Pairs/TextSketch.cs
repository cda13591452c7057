using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Pairs;

/// <summary>
/// A text's three-character pieces, as the smallest <see cref="Size"/> of their hashes (Broder 1997). How alike two texts are is the
/// Jaccard index of their pieces: exact while both together have at most that many different ones, estimated beyond. Comparing takes time
/// in proportion to the shorter text, and never more than a few hundred steps.
/// </summary>
public sealed class TextSketch
{
    /// <summary>Hashes kept; an estimate is then off by about 0.02.</summary>
    public const int Size = 512;

    private const int PieceLength = 3;

    private readonly ulong[] _hashes;

    private TextSketch(ulong[] hashes) => _hashes = hashes;

    /// <summary>A text shorter than three characters is one piece.</summary>
    public static TextSketch Of(string text)
    {
        var hashes = new ulong[Math.Max(1, text.Length - PieceLength + 1)];
        for (var i = 0; i < hashes.Length; i++)
        {
            var hash = 0UL;
            foreach (var c in text.AsSpan(i, Math.Min(PieceLength, text.Length)))
            {
                hash = SampleSeed.Mix(hash ^ c);
            }
            hashes[i] = hash;
        }
        Array.Sort(hashes);
        return new([.. hashes.Distinct().Take(Size)]);
    }

    /// <returns>0 (nothing alike) to 1 (the same pieces).</returns>
    public double SimilarityTo(TextSketch other)
    {
        int shared = 0, all = 0;
        for (int i = 0, j = 0; all < Size && (i < _hashes.Length || j < other._hashes.Length); all++)
        {
            var left = i < _hashes.Length ? _hashes[i] : ulong.MaxValue;
            var right = j < other._hashes.Length ? other._hashes[j] : ulong.MaxValue;
            shared += left == right ? 1 : 0;
            i += left <= right ? 1 : 0;
            j += right <= left ? 1 : 0;
        }
        return (double)shared / all;
    }
}
