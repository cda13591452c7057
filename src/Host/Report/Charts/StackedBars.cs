using System.Globalization;

namespace IterativeDpo.Host.Report.Charts;

/// <summary>A row of a stacked bar chart.</summary>
/// <param name="Values">One for each part, 0 or more.</param>
internal sealed record StackedRow(string Name, IReadOnlyList<double> Values);

/// <summary>One horizontal bar for each row, its parts end to end.</summary>
/// <param name="Label">What the chart shows, for those who do not see it.</param>
/// <param name="Parts">Names of the parts; a part's place is its colour.</param>
/// <param name="Unit">Put after the numbers.</param>
internal sealed record StackedBars(string Label, IReadOnlyList<string> Parts, IReadOnlyList<StackedRow> Rows, string Unit)
{
    private const double RowHeight = 30;
    private const double BarHeight = 18;
    private const double LeftEdge = 58;
    private const double RightEdge = 352;
    private const double Bottom = 22;

    /// <summary>How the numbers are written.</summary>
    public string Format { get; init; } = "0.0";

    public string Render()
    {
        var height = (Rows.Count * RowHeight) + Bottom;
        var svg = new SvgText(400, height, Label);
        var scale = NiceScale.Over(0, Math.Max(1e-6, Rows.Select(row => row.Values.Sum()).DefaultIfEmpty().Max()));
        double XOf(double value) => LeftEdge + (scale.Fraction(value) * (RightEdge - LeftEdge));
        foreach (var tick in scale.Ticks())
        {
            svg.Line(XOf(tick), 0, XOf(tick), height - Bottom, "grid");
            svg.Text(XOf(tick), height - 7, $"{tick.ToString($"F{scale.Decimals}", CultureInfo.InvariantCulture)}{Unit}", "middle");
        }
        for (var i = 0; i < Rows.Count; i++)
        {
            DrawRow(svg, Rows[i], (i * RowHeight) + ((RowHeight - BarHeight) / 2), XOf);
        }
        return svg.Close();
    }

    private void DrawRow(SvgText svg, StackedRow row, double y, Func<double, double> xOf)
    {
        var total = row.Values.Sum();
        svg.Text(LeftEdge - 8, y + 13, row.Name, "end");
        var from = 0.0;
        for (var i = 0; i < Parts.Count; i++)
        {
            if (row.Values[i] > 0)
            {
                var share = Number(row.Values[i] / total * 100, "0.0");
                svg.Bar(
                    xOf(from),
                    y,
                    xOf(from + row.Values[i]) - xOf(from),
                    BarHeight,
                    $"bar s{i}",
                    $"{row.Name}, {Parts[i]}: {Number(row.Values[i], Format)}{Unit} ({share} %)");
            }
            from += row.Values[i];
        }
        svg.Text(xOf(total) + 6, y + 13, $"{Number(total, Format)}{Unit}", "start", "value");
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
