namespace IterativeDpo.Campaigns.Tests;

public sealed class WorkIdTests
{
    [Fact]
    public void Parse_reads_what_ToString_wrote()
    {
        var id = new WorkId(12, Stage.Evaluate, 3);

        Assert.Equal(id, WorkId.Parse(id.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1/Train")]
    [InlineData("one/Train/0")]
    [InlineData("1/Rest/0")]
    public void Parse_anything_else_is_an_error(string text)
    {
        Assert.Throws<FormatException>(() => WorkId.Parse(text));
    }
}
