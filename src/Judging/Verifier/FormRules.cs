using System.Globalization;
using System.Text.RegularExpressions;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Verifier;

/// <summary>Checks of a text's form, in any language.</summary>
internal static class FormRules
{
    /// <summary><c>10..200 words</c>, in the units of <see cref="TextUnit"/>.</summary>
    public static Func<Sample, string?> Length(string value)
    {
        var words = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != 2)
        {
            throw new FormatException(
                $"the value must be a window and its unit ({string.Join(", ", TextUnits.Names)}), such as 10..200 words");
        }
        var (window, unit) = (Window.Parse(words[0]), TextUnits.Parse(words[1]));
        return sample =>
            TextUnits.Of(sample, unit) is not { } units ? "has no tokens"
            : window.Has(units.Length) ? null
            : $"has {units.Length}";
    }

    /// <summary>A window of lines that are not blank: <c>1..3</c>.</summary>
    public static Func<Sample, string?> Lines(string value)
    {
        var window = Window.Parse(value);
        return sample =>
        {
            var lines = sample.Text.Split('\n').Count(line => !string.IsNullOrWhiteSpace(line));
            return window.Has(lines) ? null : $"has {lines}";
        };
    }

    /// <summary><c>0.2 of 3 words</c>: at most so great a share of all runs of 3 words stands there for a second time or more.</summary>
    public static Func<Sample, string?> NoRepeat(string value)
    {
        if (value.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var most, "of", var run, var unitName]
            || !double.TryParse(most, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) || share is not (>= 0 and < 1)
            || !int.TryParse(run, NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length < 1)
        {
            throw new FormatException(
                $"the value must be a share from 0 to below 1 of runs of so many units ({string.Join(", ", TextUnits.Names)}), such as 0.2 of 3 words");
        }
        var unit = TextUnits.Parse(unitName);
        return sample => TextUnits.Of(sample, unit) is not { } units
            ? "has no tokens"
            : RepeatedShare(units, length) is var repeated && repeated <= share ? null
            : string.Create(CultureInfo.InvariantCulture, $"repeats {repeated:0.##}");
    }

    /// <summary>A fenced block of markdown that is closed; the value is its language, empty for any.</summary>
    public static Func<Sample, string?> CodeFence(string value)
    {
        var language = value.Length == 0 ? "[^`\n]*" : $"[ \t]*{Regex.Escape(value)}([ \t][^`\n]*)?";
        var fence = new Regex(
            $"^```{language}\r?\n(.*\n)?```[ \t]*\r?$",
            RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.NonBacktracking);
        return sample => fence.IsMatch(sample.Text) ? null : "no closed block";
    }

    /// <summary>The model ended its answer itself.</summary>
    public static Func<Sample, string?> Ended(string value) =>
        value.Length == 0 ? _ => null : throw new FormatException("this kind has no value; leave it out");

    private static double RepeatedShare(string[] units, int length)
    {
        var runs = units.Length - length + 1;
        return runs <= 0
            ? 0
            : 1 - (Enumerable.Range(0, runs).Select(first => string.Join('\0', units, first, length)).Distinct().Count() / (double)runs);
    }
}
