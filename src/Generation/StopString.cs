using System.Text.RegularExpressions;
using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Generation;

/// <summary>A text that ends a completion, as it is written in settings and options.</summary>
public static class StopString
{
    /// <summary>The text with its escapes resolved: <c>\n</c>, <c>\t</c>, <c>\u00e9</c>, and <c>\\</c> for a backslash.</summary>
    /// <exception cref="FormatException">It is empty, which every completion ends before, or has an escape that there is not.</exception>
    public static string Parse(string written)
    {
        if (written.Length == 0)
        {
            throw new FormatException("it is empty, and every sample would end before its first token; leave it out");
        }
        // One at the end, which .NET leaves as it is.
        if ((written.Length - written.TrimEnd('\\').Length) % 2 == 1)
        {
            throw NoEscape(null);
        }
        try
        {
            return Regex.Unescape(written);
        }
        catch (ArgumentException e)
        {
            throw NoEscape(e);
        }
    }

    private static FormatException NoEscape(Exception? cause) =>
        new(@"it has a backslash that begins no escape; write \\ for a backslash, \n for a line's end", cause);
}

/// <summary>Stop strings as a configuration file has them.</summary>
public sealed record WrittenStopStrings(
    [Setting("A completion ends before the first of these; \\\\n is a line end, \\\\t a tab. []: off.", Default = "[]")]
        IReadOnlyList<string> StopStrings) : IWrittenSettings, ICheckedSettings
{
    public object Value => StopStrings.Select(StopString.Parse).ToArray();

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet) =>
        from text in StopStrings
        let fault = FaultOf(text)
        where fault is not null
        select new SettingViolation("stop-strings", text, fault);

    private static string? FaultOf(string text)
    {
        try
        {
            StopString.Parse(text);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }
}
