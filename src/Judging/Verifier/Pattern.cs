using System.Text.RegularExpressions;

namespace IterativeDpo.Judging.Verifier;

/// <summary>
/// A regular expression that somebody else wrote, run on texts that a model wrote. The backtracking engine is made in microseconds; the
/// linear one takes milliseconds and up to a megabyte for a pattern, so it is made only for one that ran out of time. Both match the same.
/// </summary>
internal sealed class Pattern
{
    private static readonly TimeSpan FirstTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>For look-around and back-references, which only backtracking can do.</summary>
    private static readonly TimeSpan LastTimeout = TimeSpan.FromSeconds(1);

    private volatile Regex _regex;

    private Pattern(Regex regex) => _regex = regex;

    /// <exception cref="FormatException">It is not a pattern.</exception>
    public static Pattern Parse(string pattern)
    {
        try
        {
            return new Pattern(new Regex(pattern, RegexOptions.CultureInvariant, FirstTimeout));
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"the pattern is not a .NET regular expression ({e.Message})", e);
        }
    }

    /// <exception cref="RegexMatchTimeoutException">It takes more than a second, and has no linear form.</exception>
    public bool IsMatch(string text)
    {
        var regex = _regex;
        try
        {
            return regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException) when (regex.MatchTimeout == FirstTimeout)
        {
            _regex = Linear() ?? new Regex(ToString(), RegexOptions.CultureInvariant, LastTimeout);
            return _regex.IsMatch(text);
        }
    }

    public override string ToString() => _regex.ToString();

    private Regex? Linear()
    {
        try
        {
            return new Regex(ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }
}
