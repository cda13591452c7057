using IterativeDpo.Host.Report;

namespace IterativeDpo.Host.Tests.Report;

public sealed class HtmlTests
{
    [Theory]
    [InlineData(0.5, "0.5 s")]
    [InlineData(119.94, "119.9 s")]
    [InlineData(125, "2 min 5 s")]
    [InlineData(7200, "2 h 0 min")]
    [InlineData(200_000, "2 d 7 h")]
    public void Duration_in_the_units_that_fit(double seconds, string expected)
    {
        Assert.Equal(expected, Html.Duration(seconds));
    }

    [Theory]
    [InlineData(0.317, "+31.7")]
    [InlineData(-0.03, "−3.0")]
    [InlineData(0, "0.0")]
    public void Points_have_a_sign(double difference, string expected)
    {
        Assert.Equal(expected, Html.Points(difference));
    }

    [Fact]
    public void Count_groups_thousands()
    {
        Assert.Equal("1\u202f234\u202f567", Html.Count(1_234_567));
    }

    [Fact]
    public void Text_makes_control_characters_visible_and_keeps_lines()
    {
        Assert.Equal("a\u2400\n\u2409&lt;", Html.Text("a\0\n\t<"));
    }
}
