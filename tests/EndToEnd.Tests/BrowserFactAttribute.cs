namespace IterativeDpo.EndToEnd.Tests;

/// <summary>A test in a real browser: Debian's Chromium, skipped where it is not installed (<c>apt-get install chromium</c>).</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Program is null ? "there is no /usr/bin/chromium: apt-get install chromium" : null;

    public static string? Program { get; } = File.Exists("/usr/bin/chromium") ? "/usr/bin/chromium" : null;
}
