namespace IterativeDpo.Judging.Quality;

/// <summary>How far a measured share may be from the true one.</summary>
public static class Interval
{
    private const double Z = 1.96;

    /// <summary>Wilson's 95 % interval (1927) of a share measured on so many trials, from 0 to 1.</summary>
    public static (double Low, double High) Wilson(double share, long trials)
    {
        if (trials == 0)
        {
            return (0, 1);
        }
        var centre = share + (Z * Z / (2 * trials));
        var spread = Z * Math.Sqrt((share * (1 - share) / trials) + (Z * Z / (4.0 * trials * trials)));
        var scale = 1 + (Z * Z / trials);
        return ((centre - spread) / scale, (centre + spread) / scale);
    }
}
