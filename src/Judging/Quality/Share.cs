namespace IterativeDpo.Judging.Quality;

/// <summary>How many of how many.</summary>
public readonly record struct Share(long Count, long Of)
{
    /// <summary>0 to 1; null of nothing.</summary>
    public double? Value => Of == 0 ? null : (double)Count / Of;

    /// <summary>The 95 % interval of the share.</summary>
    public (double Low, double High) Interval() => Quality.Interval.Wilson(Value ?? 0, Of);

    /// <summary>This share with one more trial.</summary>
    public Share With(bool counts) => new(Count + (counts ? 1 : 0), Of + 1);
}
