using System.Xml.Linq;
using IterativeDpo.Host.Report.Charts;

namespace IterativeDpo.Host.Tests.Report.Charts;

public sealed class LineChartTests
{
    [Fact]
    public void Render_higher_values_are_drawn_higher_and_later_ones_further_right()
    {
        var dots = Dots(Chart((0, 10), (1, 30), (2, 20)));

        Assert.Equal(dots.OrderBy(dot => dot.X), dots);
        Assert.Equal([1, 2, 0], Enumerable.Range(0, 3).OrderBy(i => dots[i].Y));
    }

    [Fact]
    public void Render_everything_lies_inside_the_picture()
    {
        var chart = Chart((0, -4), (1, 1234), (2, 3));

        Assert.All(Dots(chart), dot => Assert.True(dot.X >= 0 && dot.X <= chart.Width && dot.Y >= 0 && dot.Y <= chart.Height, $"{dot}"));
    }

    [Fact]
    public void Render_range_asked_for_is_on_the_axis_even_where_no_data_are()
    {
        var labels = Texts(Chart((0, 40), (1, 60)) with { YRange = (0, 100), YUnit = " %" });

        Assert.Contains("0 %", labels);
        Assert.Contains("100 %", labels);
    }

    [Fact]
    public void Render_rounds_are_labelled_with_whole_numbers()
    {
        Assert.Equal(["0", "1", "2"], Texts(Chart((0, 7), (1, 7.5), (2, 8))).Where(text => text is "0" or "0.5" or "1" or "1.5" or "2"));
    }

    [Fact]
    public void Render_single_point()
    {
        Assert.Single(Dots(Chart((3, 5))));
    }

    [Fact]
    public void Render_escapes_labels()
    {
        var chart = new LineChart("<b> & \"c\"", "x", [new Series("s", [new ChartPoint(0, 0, "<i>")])]);

        Assert.Equal("<b> & \"c\"", XElement.Parse(chart.Render()).Attribute("aria-label")!.Value);
    }

    private static LineChart Chart(params (double X, double Y)[] points) =>
        new("a chart", "round", [new Series("s", [.. points.Select(p => new ChartPoint(p.X, p.Y, $"{p.Y}"))])]);

    private static List<(double X, double Y)> Dots(LineChart chart) =>
        [.. XElement.Parse(chart.Render()).Elements("circle").Select(dot => ((double)dot.Attribute("cx")!, (double)dot.Attribute("cy")!))];

    private static List<string> Texts(LineChart chart) => [.. XElement.Parse(chart.Render()).Elements("text").Select(text => text.Value)];
}
