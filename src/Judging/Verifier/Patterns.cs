using System.Text.RegularExpressions;

namespace IterativeDpo.Judging.Verifier;

/// <summary>Regular expressions that somebody else wrote, run on texts that a model wrote.</summary>
internal static class Patterns
{
    /// <summary>What a pattern may take on one completion, where it needs backtracking at all.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    /// <exception cref="FormatException">It is not a pattern.</exception>
    public static Regex Parse(string pattern)
    {
        try
        {
            return TryLinear(pattern) ?? new Regex(pattern, RegexOptions.CultureInvariant, Timeout);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"the pattern is not a .NET regular expression ({e.Message})", e);
        }
    }

    // Linear time on any text; look-around and back-references need the backtracking engine.
    private static Regex? TryLinear(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }
}
