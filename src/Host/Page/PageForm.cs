using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace IterativeDpo.Host.Page;

/// <summary>A form knows when it was made: one that was left open says nothing of what is there now.</summary>
internal static class PageForm
{
    private static readonly TimeSpan s_time = TimeSpan.FromHours(12);

    public static readonly string Stale = $"what you saw was shown more than {s_time.TotalHours:0} hours ago";

    public static string MadeAt(DateTimeOffset now) =>
        $"<input type=\"hidden\" name=\"shown_at\" value=\"{now.ToUnixTimeMilliseconds()}\">";

    /// <param name="seconds">Since it was made.</param>
    public static bool IsFresh(IFormCollection form, DateTimeOffset now, out double seconds)
    {
        seconds = long.TryParse(form["shown_at"], NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? (now.ToUnixTimeMilliseconds() - milliseconds) / 1000.0
            : -1;
        return seconds >= 0 && seconds <= s_time.TotalSeconds;
    }
}
