using IterativeDpo.Generation;
using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Judging.Tests.Pairs;

public class TextSketchTests
{
    [Theory]
    [InlineData("abcd", "abcd", 1)]
    [InlineData("abcd", "abcx", 1.0 / 3)]
    [InlineData("abcd", "wxyz", 0)]
    [InlineData("12", "13", 0)]
    [InlineData("", "", 1)]
    [InlineData("", "abc", 0)]
    public void SimilarityTo_shortTexts_isTheShareOfPiecesInCommon(string a, string b, double expected)
    {
        Assert.Equal(expected, Similarity(a, b));
        Assert.Equal(expected, Similarity(b, a));
    }

    [Fact]
    public void SimilarityTo_longTexts_isNearTheExactIndex()
    {
        for (var seed = 0UL; seed < 20; seed++)
        {
            var random = new SplitMix64(seed);
            var shared = RandomText(random, random.Between(500, 4000));
            var (a, b) = (shared + RandomText(random, random.Between(0, 2000)), shared + RandomText(random, random.Between(0, 2000)));
            var (left, right) = (Pieces(a), Pieces(b));

            Assert.Equal((double)left.Intersect(right).Count() / left.Union(right).Count(), Similarity(a, b), 0.08);
        }
    }

    private static double Similarity(string a, string b) => TextSketch.Of(a).SimilarityTo(TextSketch.Of(b));

    private static string RandomText(SplitMix64 random, int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => (char)('a' + random.Below(26))));

    private static HashSet<string> Pieces(string text) => [.. Enumerable.Range(0, text.Length - 2).Select(i => text.Substring(i, 3))];
}
