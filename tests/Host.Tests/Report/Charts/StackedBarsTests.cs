using System.Xml.Linq;
using IterativeDpo.Host.Report.Charts;

namespace IterativeDpo.Host.Tests.Report.Charts;

public sealed class StackedBarsTests
{
    private readonly List<XElement> _bars = [.. XElement.Parse(
        new StackedBars("times", ["a", "b", "c"], [new("round 1", [3, 0, 1]), new("round 2", [1, 1, 1])], " s").Render()).Elements("rect")];

    [Fact]
    public void Render_leaves_out_what_took_no_time()
    {
        Assert.Equal(5, _bars.Count);
    }

    [Fact]
    public void Render_widths_are_in_proportion()
    {
        Assert.Equal(3, Width(_bars[0]) / Width(_bars[1]), 1);
    }

    [Fact]
    public void Render_parts_of_a_row_are_end_to_end()
    {
        Assert.Equal((double)_bars[0].Attribute("x")! + Width(_bars[0]), (double)_bars[1].Attribute("x")!, 1);
    }

    [Fact]
    public void Render_part_tells_its_time_and_share()
    {
        Assert.Equal("round 1, c: 1.0 s (25.0 %)", _bars[1].Element("title")!.Value);
    }

    private static double Width(XElement bar) => (double)bar.Attribute("width")!;
}
