using System.Globalization;

namespace IterativeDpo.Host.Report.Charts;

/// <summary>Lines over a common x axis.</summary>
/// <param name="Label">What the chart shows, for those who do not see it.</param>
/// <param name="XLabel">Name and unit of the x axis.</param>
internal sealed record LineChart(string Label, string XLabel, IReadOnlyList<Series> Series)
{
    private const double TickWidth = 6.4;

    public double Width { get; init; } = 400;

    public double Height { get; init; } = 220;

    /// <summary>The least range of y; data beyond it widen it.</summary>
    public (double Low, double High)? YRange { get; init; }

    /// <summary>Put after the tick labels of y.</summary>
    public string YUnit { get; init; } = "";

    /// <summary>Vertical lines with labels, such as where rounds begin.</summary>
    public IReadOnlyList<(double X, string Label)> Marks { get; init; } = [];

    /// <summary>Whether the points are drawn; otherwise they only answer to pointing.</summary>
    public bool Dots { get; init; } = true;

    /// <summary>A dashed line across, to compare with.</summary>
    public double? Baseline { get; init; }

    /// <summary>Steps wanted on the y axis.</summary>
    public int YSteps { get; init; } = 4;

    public string Render()
    {
        var points = Series.SelectMany(series => series.Points).ToArray();
        var svg = new SvgText(Width, Height, Label);
        if (points.Length == 0)
        {
            svg.Text(Width / 2, Height / 2, "no data", "middle");
            return svg.Close();
        }
        var frame = Frame.Around(this, points);
        DrawAxes(svg, frame, points);
        for (var i = 0; i < Series.Count; i++)
        {
            DrawSeries(svg, frame, Series[i], $"s{i}");
        }
        return svg.Close();
    }

    private void DrawAxes(SvgText svg, Frame frame, ChartPoint[] points)
    {
        foreach (var tick in frame.Y.Ticks())
        {
            svg.Line(frame.Left, frame.YOf(tick), frame.Right, frame.YOf(tick), "grid");
            svg.Text(frame.Left - 6, frame.YOf(tick) + 4, YTick(frame.Y, tick), "end");
        }
        foreach (var (x, label) in Marks)
        {
            svg.Line(frame.XOf(x), frame.Top, frame.XOf(x), frame.Bottom, "mark");
            svg.Text(frame.XOf(x) + 4, frame.Top + 9, label, "start", "mark-label");
        }
        foreach (var tick in XTicks(frame, points))
        {
            svg.Text(frame.XOf(tick), frame.Bottom + 15, tick.ToString("0.###", CultureInfo.InvariantCulture), "middle");
        }
        svg.Line(frame.Left, frame.Bottom, frame.Right, frame.Bottom, "axis");
        svg.Text((frame.Left + frame.Right) / 2, Height - 3, XLabel, "middle", "axis-label");
        if (Baseline is { } value)
        {
            svg.Line(frame.Left, frame.YOf(value), frame.Right, frame.YOf(value), "baseline");
        }
    }

    /// <summary>Whole numbers only: rounds and steps have no halves.</summary>
    private static IEnumerable<double> XTicks(Frame frame, ChartPoint[] points)
    {
        var (low, high) = (points.Min(p => p.X), points.Max(p => p.X));
        var room = Math.Max(2, (int)((frame.Right - frame.Left) / 45));
        var step = Math.Max(1, NiceScale.Over(low, high, room).Step);
        for (var tick = Math.Ceiling(low / step) * step; tick <= high + 1e-9; tick += step)
        {
            yield return tick;
        }
    }

    private void DrawSeries(SvgText svg, Frame frame, Series series, string colour)
    {
        (double, double)[] line = [.. series.Points.Select(p => (frame.XOf(p.X), frame.YOf(p.Y)))];
        if (series.Points.All(p => p.Interval is not null))
        {
            var upper = series.Points.Select(p => (frame.XOf(p.X), frame.YOf(p.Interval!.Value.High)));
            var lower = series.Points.Reverse().Select(p => (frame.XOf(p.X), frame.YOf(p.Interval!.Value.Low)));
            svg.Polygon(upper.Concat(lower), $"band {colour}");
        }
        svg.Polyline(line, $"line {colour}");
        foreach (var point in series.Points)
        {
            svg.Dot(frame.XOf(point.X), frame.YOf(point.Y), Dots ? 3.2 : 5, Dots ? $"dot {colour}" : "target", point.Label);
        }
    }

    private string YTick(NiceScale scale, double tick) => tick.ToString($"F{scale.Decimals}", CultureInfo.InvariantCulture) + YUnit;

    /// <summary>Where the plot lies in the picture, and what its axes span.</summary>
    private sealed record Frame(double Left, double Right, double Top, double Bottom, double XLow, double XHigh, NiceScale Y)
    {
        public static Frame Around(LineChart chart, ChartPoint[] points)
        {
            var low = Math.Min(chart.YRange?.Low ?? double.MaxValue, points.Min(p => p.Interval?.Low ?? p.Y));
            var high = Math.Max(chart.YRange?.High ?? double.MinValue, points.Max(p => p.Interval?.High ?? p.Y));
            var y = NiceScale.Over(low, high, chart.YSteps);
            var left = 12 + (TickWidth * y.Ticks().Max(tick => chart.YTick(y, tick).Length));
            return new(left, chart.Width - 12, 8, chart.Height - 34, points.Min(p => p.X), points.Max(p => p.X), y);
        }

        public double XOf(double x) => XHigh > XLow ? Left + ((x - XLow) / (XHigh - XLow) * (Right - Left)) : (Left + Right) / 2;

        public double YOf(double y) => Bottom - (Y.Fraction(y) * (Bottom - Top));
    }
}
