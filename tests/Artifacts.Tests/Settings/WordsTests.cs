using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Artifacts.Tests.Settings;

public sealed class WordsTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("beta", "beta", 0)]
    [InlineData("bets", "beta", 1)]
    [InlineData("bta", "beta", 1)]
    [InlineData("kitten", "sitting", 3)]
    public void EditDistance_counts_edits(string a, string b, int expected)
    {
        Assert.Equal(expected, Words.EditDistance(a, b));
        Assert.Equal(expected, Words.EditDistance(b, a));
    }

    [Fact]
    public void Nearest_nothing_near_is_null()
    {
        Assert.Null(Words.Nearest("zzzzzz", ["beta", "alpha"]));
    }
}
