namespace IterativeDpo.Training.Tests;

public sealed class PairIdTests
{
    [Theory]
    [InlineData("p-abc")]
    [InlineData("a:b")]
    public void TryParse_gives_back_what_ToString_wrote(string prompt)
    {
        var id = new PairId(2, prompt, 5, 1);

        Assert.Equal(id, PairId.TryParse($"{id}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2:p:5")]
    [InlineData("two:p:5:1")]
    [InlineData("2:p:5:-1")]
    public void TryParse_of_something_else_is_null(string text)
    {
        Assert.Null(PairId.TryParse(text));
    }
}
