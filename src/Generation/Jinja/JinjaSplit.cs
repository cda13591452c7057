using static IterativeDpo.Generation.Jinja.JinjaTextMethods;

namespace IterativeDpo.Generation.Jinja;

/// <summary>Texts taken apart as Python does it.</summary>
internal static class JinjaSplit
{
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    public static JinjaList Split(JinjaRun run, JinjaText text, object? separator, object? most)
    {
        var left = Number(run, most, -1);
        if (separator is NotGiven or null)
        {
            return SplitAtSpaces(run, text, left);
        }
        var by = Separator(run, separator);
        var (parts, from) = (new List<object?>(), 0);
        for (; left != 0 && text.Value.IndexOf(by, from, StringComparison.Ordinal) is >= 0 and var at; left--)
        {
            run.Step();
            parts.Add(text.Part(from, at));
            from = at + by.Length;
        }
        parts.Add(text.Part(from, text.Value.Length));
        return new(parts);
    }

    public static JinjaList SplitFromEnd(JinjaRun run, JinjaText text, object? separator, object? most)
    {
        var left = Number(run, most, -1);
        if (left < 0)
        {
            return Split(run, text, separator, most);
        }
        if (separator is NotGiven or null)
        {
            throw run.Error("rsplit() by white space a limited number of times is not supported here");
        }
        var by = Separator(run, separator);
        var (parts, to) = (new List<object?>(), text.Value.Length);
        for (; left > 0 && to >= by.Length && text.Value.AsSpan(0, to).LastIndexOf(by, StringComparison.Ordinal) is >= 0 and var at; left--)
        {
            run.Step();
            parts.Insert(0, text.Part(at + by.Length, to));
            to = at;
        }
        parts.Insert(0, text.Part(0, to));
        return new(parts);
    }

    public static JinjaList Lines(JinjaRun run, JinjaText text, bool keepEnds)
    {
        var (lines, from) = (new List<object?>(), 0);
        for (var at = 0; at < text.Value.Length; at++)
        {
            if (text.Value[at] is '\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029')
            {
                run.Step();
                var end = text.Value[at] == '\r' && at + 1 < text.Value.Length && text.Value[at + 1] == '\n' ? at + 2 : at + 1;
                lines.Add(text.Part(from, keepEnds ? end : at));
                (from, at) = (end, end - 1);
            }
        }
        if (from < text.Value.Length)
        {
            lines.Add(text.Part(from, text.Value.Length));
        }
        return new(lines);
    }

    public static JinjaList Partition(JinjaRun run, JinjaText text, JinjaText separator, bool last)
    {
        var by = Separator(run, separator);
        var at = last ? text.Value.LastIndexOf(by, StringComparison.Ordinal) : text.Value.IndexOf(by, StringComparison.Ordinal);
        object?[] parts = at >= 0 ? [text.Part(0, at), text.Part(at, at + by.Length), text.Part(at + by.Length, text.Value.Length)]
            : last ? [JinjaText.Empty, JinjaText.Empty, text]
            : [text, JinjaText.Empty, JinjaText.Empty];
        return new(parts, isTuple: true);
    }

    private static string Separator(JinjaRun run, object? separator) =>
        Text(run, separator).Value is { Length: > 0 } by ? by : throw run.Error("empty separator");

    private static JinjaList SplitAtSpaces(JinjaRun run, JinjaText text, int left)
    {
        var (parts, at) = (new List<object?>(), 0);
        while (true)
        {
            run.Step();
            while (at < text.Value.Length && IsSpace(text.Value[at]))
            {
                at++;
            }
            if (at == text.Value.Length)
            {
                return new(parts);
            }
            if (left-- == 0)
            {
                parts.Add(Strip(run, text.Part(at, text.Value.Length), NotGiven.Value, left: false, right: true));
                return new(parts);
            }
            var from = at;
            while (at < text.Value.Length && !IsSpace(text.Value[at]))
            {
                at++;
            }
            parts.Add(text.Part(from, at));
        }
    }
}
