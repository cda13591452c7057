namespace IterativeDpo.Host.Report.Charts;

/// <summary>A place in a chart; the interval is drawn as a band, where there is one.</summary>
/// <param name="Label">What pointing at it says.</param>
internal sealed record ChartPoint(double X, double Y, string Label, (double Low, double High)? Interval = null);

/// <summary>A line in a chart.</summary>
internal sealed record Series(string Name, IReadOnlyList<ChartPoint> Points)
{
    /// <summary>At most so many points: each the mean of its neighbours, so that a long campaign stays readable and small.</summary>
    public Series Thinned(int most)
    {
        if (Points.Count <= most)
        {
            return this;
        }
        var width = (Points.Count + most - 1) / most;
        return this with
        {
            Points = [.. Points.Chunk(width).Select(chunk => chunk[^1] with { X = chunk.Average(p => p.X), Y = chunk.Average(p => p.Y) })],
        };
    }
}
