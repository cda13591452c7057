namespace IterativeDpo.Host.Report.Charts;

/// <summary>A range that begins and ends at round numbers, with ticks at every step of 1, 2 or 5 times a power of ten.</summary>
internal sealed record NiceScale(double Low, double High, double Step)
{
    /// <param name="about">How many steps are wanted; there may be a few more or less.</param>
    public static NiceScale Over(double low, double high, int about = 4)
    {
        if (high - low < 1e-12)
        {
            var room = Math.Max(Math.Abs(high) * 0.1, 1e-3);
            (low, high) = (low - room, high + room);
        }
        var rough = (high - low) / about;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * (rough / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 };
        return new(Math.Floor((low / step) + 1e-9) * step, Math.Ceiling((high / step) - 1e-9) * step, step);
    }

    public IEnumerable<double> Ticks()
    {
        var count = (int)Math.Round((High - Low) / Step);
        return Enumerable.Range(0, count + 1).Select(i => Math.Round(Low + (i * Step), 12));
    }

    /// <summary>Decimals that tell the ticks apart.</summary>
    public int Decimals => Math.Clamp(-(int)Math.Floor(Math.Log10(Step) + 1e-9), 0, 6);

    public double Fraction(double value) => (value - Low) / (High - Low);
}
