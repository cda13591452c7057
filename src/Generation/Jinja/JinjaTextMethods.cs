using System.Collections.Frozen;
using static IterativeDpo.Generation.Jinja.JinjaFunction;

namespace IterativeDpo.Generation.Jinja;

/// <summary>Methods of texts, by Python's names and with its results.</summary>
internal static class JinjaTextMethods
{
    public static readonly FrozenDictionary<string, JinjaFunction> All = ((JinjaFunction[])
    [
        Of("strip", "chars?", (run, of, given) => Strip(run, Self(of), given[0], left: true, right: true)),
        Of("lstrip", "chars?", (run, of, given) => Strip(run, Self(of), given[0], left: true, right: false)),
        Of("rstrip", "chars?", (run, of, given) => Strip(run, Self(of), given[0], left: false, right: true)),
        Of("upper", "", (_, of, _) => Upper(Self(of))),
        Of("lower", "", (_, of, _) => Lower(Self(of))),
        Of("casefold", "", (_, of, _) => Lower(Self(of))),
        Of("capitalize", "", (run, of, _) => Capitalize(run, Self(of))),
        Of("title", "", (run, of, _) => Title(run, Self(of))),
        Of(
            "swapcase",
            "",
            (_, of, _) =>
                Self(of)
                    .With(
                        string.Concat(
                            Self(of).Value.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c))))),
        Of(
            "startswith",
            "prefix start? end?",
            (run, of, given) => Any(run, given[0], part => Within(run, of, given).Value.StartsWith(part, StringComparison.Ordinal))
        ),
        Of(
            "endswith",
            "suffix start? end?",
            (run, of, given) => Any(run, given[0], part => Within(run, of, given).Value.EndsWith(part, StringComparison.Ordinal))),
        Of(
            "removeprefix",
            "prefix",
            (run, of, given) =>
                Self(of) is var text && text.Value.StartsWith(Text(run, given[0]).Value, StringComparison.Ordinal)
                    ? text.Part(Text(run, given[0]).Value.Length, text.Value.Length)
                    : text),
        Of(
            "removesuffix",
            "suffix",
            (run, of, given) =>
                Self(of) is var text && text.Value.EndsWith(Text(run, given[0]).Value, StringComparison.Ordinal)
                    ? text.Part(0, text.Value.Length - Text(run, given[0]).Value.Length)
                    : text),
        Of("find", "sub start? end?", (run, of, given) => Find(run, of, given, last: false)),
        Of("rfind", "sub start? end?", (run, of, given) => Find(run, of, given, last: true)),
        Of(
            "index",
            "sub start? end?",
            (run, of, given) => Find(run, of, given, last: false) is var at and >= 0 ? at : throw run.Error("substring not found")),
        Of(
            "rindex",
            "sub start? end?",
            (run, of, given) => Find(run, of, given, last: true) is var at and >= 0 ? at : throw run.Error("substring not found")),
        Of("count", "sub start? end?", (run, of, given) => Count(run, Within(run, of, given), Text(run, given[0]).Value)),
        Of("split", "sep? maxsplit?", (run, of, given) => JinjaSplit.Split(run, Self(of), given[0], given[1])),
        Of("rsplit", "sep? maxsplit?", (run, of, given) => JinjaSplit.SplitFromEnd(run, Self(of), given[0], given[1])),
        Of("splitlines", "keepends?", (run, of, given) => JinjaSplit.Lines(run, Self(of), JinjaOperators.IsTrue(Given(given[0])))),
        Of("partition", "sep", (run, of, given) => JinjaSplit.Partition(run, Self(of), Text(run, given[0]), last: false)),
        Of("rpartition", "sep", (run, of, given) => JinjaSplit.Partition(run, Self(of), Text(run, given[0]), last: true)),
        Of(
            "join",
            "iterable",
            (run, of, given) =>
                JinjaFormat.Concat(run, JinjaItems.Of(run, given[0]).Select(item => (object?)Text(run, item)), Self(of))),
        Of(
            "replace",
            "old new count?",
            (run, of, given) => Replace(run, Self(of), Text(run, given[0]), Text(run, given[1]), Number(run, given[2], -1))),
        Of("center", "width fillchar?", (run, of, given) => Pad(run, Self(of), given, 0.5)),
        Of("ljust", "width fillchar?", (run, of, given) => Pad(run, Self(of), given, 0)),
        Of("rjust", "width fillchar?", (run, of, given) => Pad(run, Self(of), given, 1)),
        Of("zfill", "width", (run, of, given) => ZeroFill(run, Self(of), given[0])),
        Of("format", "", (run, _, _) => throw run.Error("str.format() is not supported here")),
        Of("encode", "encoding? errors?", (run, _, _) => throw run.Error("str.encode() is not supported here")),
        Is("isspace", JinjaSplit.IsSpace),
        Is("isdigit", char.IsDigit),
        Is("isdecimal", char.IsDigit),
        Is("isnumeric", char.IsNumber),
        Is("isalpha", char.IsLetter),
        Is("isalnum", c => char.IsLetter(c) || char.IsNumber(c)),
        Is("isascii", char.IsAscii, ofEmpty: true),
        Of("isupper", "", (_, of, _) => Self(of).Value.Any(char.IsUpper) && !Self(of).Value.Any(char.IsLower)),
        Of("islower", "", (_, of, _) => Self(of).Value.Any(char.IsLower) && !Self(of).Value.Any(char.IsUpper)),
        Of("istitle", "", (run, of, _) => Self(of).Value.Any(char.IsLetter) && Title(run, Self(of)).Value == Self(of).Value),
    ]).ToFrozenDictionary(function => function.Name);

    /// <exception cref="JinjaException">It is no text.</exception>
    public static JinjaText Text(JinjaRun run, object? value)
    {
        JinjaOperators.RefuseUndefined(run, value);
        return value as JinjaText ?? throw run.Error($"a text is needed, not {JinjaOperators.TypeOf(value)}");
    }

    /// <exception cref="JinjaException">It is no whole number that a text could have as its length.</exception>
    public static int Number(JinjaRun run, object? value, int standard)
    {
        JinjaOperators.RefuseUndefined(run, value);
        return value is NotGiven ? standard
            : value is long or bool ? (int)Math.Clamp(JinjaOperators.ToLong(value), int.MinValue, int.MaxValue)
            : throw run.Error($"a whole number is needed, not {JinjaOperators.TypeOf(value)}");
    }

    public static JinjaText Strip(JinjaRun run, JinjaText text, object? chars, bool left, bool right)
    {
        var set = Given(chars) is null ? null : Text(run, chars).Value;
        var (from, to) = (0, text.Value.Length);
        while (left && from < to && Strips(text.Value[from]))
        {
            from++;
        }
        while (right && to > from && Strips(text.Value[to - 1]))
        {
            to--;
        }
        return text.Part(from, to);

        bool Strips(char c) => set is null ? JinjaSplit.IsSpace(c) : set.Contains(c, StringComparison.Ordinal);
    }

    // ß is the one letter with a capital of two that is met in practice.
    public static JinjaText Upper(JinjaText text) => text.With(text.Value.ToUpperInvariant().Replace("ß", "SS", StringComparison.Ordinal));

    public static JinjaText Lower(JinjaText text) => text.With(text.Value.ToLowerInvariant());

    public static JinjaText Capitalize(JinjaRun run, JinjaText text) => text.Value.Length == 0 ? text
        : JinjaOperators.Join(run, Upper(text.Part(0, 1)), Lower(text.Part(1, text.Value.Length)));

    /// <summary>A capital behind whatever is no letter.</summary>
    public static JinjaText Title(JinjaRun run, JinjaText text)
    {
        run.Take(text.Value.Length);
        return text.With(string.Concat(text.Value.Select((c, i) =>
            i > 0 && char.IsLetter(text.Value[i - 1]) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c))));
    }

    /// <param name="count">Most places; below 0 all of them.</param>
    public static JinjaText Replace(JinjaRun run, JinjaText text, JinjaText old, JinjaText by, int count)
    {
        var written = new JinjaWriter(run);
        var (from, at) = (0, 0);
        for (; count != 0 && at <= text.Value.Length; count--)
        {
            run.Step();
            var found = text.Value.IndexOf(old.Value, at, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }
            written.Add(text.Part(from, found));
            written.Add(by);
            from = found + old.Value.Length;
            // An empty text is before every character, and behind the last.
            at = Math.Max(from, found + 1);
        }
        written.Add(text.Part(Math.Min(from, text.Value.Length), text.Value.Length));
        return written.ToText();
    }

    private static object? Given(object? value) => value is NotGiven ? null : value;

    private static JinjaText Self(object? of) => (JinjaText)of!;

    private static JinjaFunction Is(string name, Func<char, bool> holds, bool ofEmpty = false) =>
        Of(name, "", (_, of, _) => Self(of).Value.Length == 0 ? ofEmpty : Self(of).Value.All(holds));

    private static JinjaText Within(JinjaRun run, object? of, object?[] given) => given[1] is NotGiven && given[2] is NotGiven
        ? Self(of)
        : (JinjaText)JinjaItems.Slice(run, of, Given(given[1]), Given(given[2]), null);

    private static bool Any(JinjaRun run, object? parts, Func<string, bool> holds) => parts is JinjaList { IsTuple: true } several
        ? several.Items.Any(part => holds(Text(run, part).Value))
        : holds(Text(run, parts).Value);

    private static long Find(JinjaRun run, object? of, object?[] given, bool last)
    {
        var (within, part) = (Within(run, of, given), Text(run, given[0]).Value);
        var at = last ? within.Value.LastIndexOf(part, StringComparison.Ordinal) : within.Value.IndexOf(part, StringComparison.Ordinal);
        if (at < 0)
        {
            return -1;
        }
        var start = Number(run, given[1] is null ? NotGiven.Value : given[1], 0);
        var before = start < 0 ? Math.Max(0, JinjaItems.LengthOf(run, of) + start) : start;
        return before + JinjaItems.LengthOf(run, within.Part(0, at));
    }

    private static long Count(JinjaRun run, JinjaText text, string part)
    {
        if (part.Length == 0)
        {
            return JinjaItems.LengthOf(run, text) + 1;
        }
        var count = 0L;
        for (var at = 0; (at = text.Value.IndexOf(part, at, StringComparison.Ordinal)) >= 0; at += part.Length)
        {
            count++;
        }
        return count;
    }

    private static JinjaText Pad(JinjaRun run, JinjaText text, object?[] given, double before)
    {
        var fill = given[1] is NotGiven ? " " : Text(run, given[1]).Value;
        if (fill.Length != 1)
        {
            throw run.Error("the fill character must be exactly one character long");
        }
        var missing = (int)Math.Max(0, Number(run, given[0], 0) - JinjaItems.LengthOf(run, text));
        run.Take(missing);
        // Python's center() has the odd one before where the width is odd.
        var left = before == 0.5 ? (missing / 2) + (missing & Number(run, given[0], 0) & 1) : before == 0 ? 0 : missing;
        var written = new JinjaWriter(run);
        written.Add(new string(fill[0], left));
        written.Add(text);
        written.Add(new string(fill[0], missing - left));
        return written.ToText();
    }

    private static JinjaText ZeroFill(JinjaRun run, JinjaText text, object? width)
    {
        var missing = (int)Math.Max(0, Number(run, width, 0) - JinjaItems.LengthOf(run, text));
        run.Take(missing);
        var signed = text.Value is ['-' or '+', ..] ? 1 : 0;
        return JinjaFormat.Concat(
            run,
            [text.Part(0, signed), new JinjaText(new string('0', missing)), text.Part(signed, text.Value.Length)]);
    }
}
