using System.Text;
using static IterativeDpo.Generation.Jinja.JinjaOperators;

namespace IterativeDpo.Generation.Jinja;

/// <summary>What values consist of: items, attributes, slices.</summary>
internal static class JinjaItems
{
    /// <exception cref="JinjaException">It has no items to go through.</exception>
    public static IReadOnlyList<object?> Of(JinjaRun run, object? value)
    {
        switch (value)
        {
            case JinjaList list:
                return list.Items;
            case JinjaDict dict:
                return Take(run, dict.Keys);
            case JinjaText text:
                return Take(run, Characters(text));
            case JinjaUndefined:
                return [];
            default:
                throw run.Error($"'{TypeOf(value)}' object is not iterable");
        }
    }

    /// <summary>A list of them, within the limits.</summary>
    public static List<object?> Take(JinjaRun run, IEnumerable<object?> items)
    {
        var list = new List<object?>();
        foreach (var item in items)
        {
            run.Step();
            list.Add(item);
        }
        return list;
    }

    /// <exception cref="JinjaException">It has no length.</exception>
    public static long LengthOf(JinjaRun run, object? value) => value switch
    {
        JinjaText { IsWide: false } text => text.Value.Length,
        JinjaText text => text.Value.EnumerateRunes().Count(),
        JinjaList list => list.Items.Count,
        JinjaDict dict => dict.Count,
        JinjaUndefined => 0,
        _ => throw run.Error($"object of type '{TypeOf(value)}' has no len()"),
    };

    /// <summary>What <c>value.name</c> is: a method, or what a dict has under this name.</summary>
    public static object? Attribute(JinjaRun run, object? value, string name)
    {
        switch (value)
        {
            case JinjaDict dict when !JinjaMethods.OfDict.ContainsKey(name) && dict.TryGet(name, out var item):
                return item;
            case JinjaNamespace variables when variables.Values.TryGet(name, out var item):
                return item;
            case JinjaLoop loop when loop.TryGet(name, out var item):
                return item;
            case JinjaUndefined missing:
                throw run.Error(missing.Problem);
        }
        return JinjaMethods.Find(value, name) is { } method ? new JinjaMethod(method, value!) : Missing(value, name);
    }

    /// <summary>What <c>value[key]</c> is.</summary>
    public static object? Item(JinjaRun run, object? value, object? key)
    {
        switch (value, key)
        {
            case (JinjaDict dict, _) when dict.TryGet(key, out var item):
                return item;
            case (JinjaList list, long or bool):
                var at = ToLong(key) < 0 ? ToLong(key) + list.Items.Count : ToLong(key);
                return at >= 0 && at < list.Items.Count ? list.Items[(int)at] : Missing(value, $"{ToLong(key)}");
            case (JinjaText text, long or bool):
                var length = LengthOf(run, text);
                var from = ToLong(key) < 0 ? ToLong(key) + length : ToLong(key);
                return from >= 0 && from < length
                    ? text.Part(Place(text, (int)from), Place(text, (int)from + 1))
                    : Missing(value, $"{ToLong(key)}");
            case (JinjaUndefined missing, _):
                throw run.Error(missing.Problem);
            case (_, JinjaText name):
                return value is JinjaDict && JinjaMethods.Find(value, name.Value) is null
                    ? Missing(value, name.Value)
                    : Attribute(run, value, name.Value);
            default:
                return Missing(value, JinjaFormat.Represent(run, key).Value);
        }
    }

    public static object Slice(JinjaRun run, object? value, object? from, object? to, object? step)
    {
        RefuseUndefined(run, value);
        if (value is not (JinjaText or JinjaList))
        {
            throw run.Error($"'{TypeOf(value)}' object has no slices");
        }
        var by = Index(run, step) ?? 1;
        if (by == 0)
        {
            throw run.Error("slice step cannot be zero");
        }
        var length = LengthOf(run, value);
        var (first, end) = (Bound(Index(run, from), by > 0 ? 0 : length - 1), Bound(Index(run, to), by > 0 ? length : -1));
        if (value is JinjaText whole && by == 1)
        {
            return whole.Part(Place(whole, (int)first), Place(whole, (int)end));
        }
        var all = Of(run, value);
        var items = new List<object?>();
        for (var i = first; by > 0 ? i < end : i > end; i += by)
        {
            run.Step();
            items.Add(all[(int)i]);
        }
        return value is JinjaList list ? new JinjaList(items, list.IsTuple) : JinjaFormat.Concat(run, items);

        long Bound(long? bound, long standard) => bound is not { } given ? standard
            : by > 0 ? Math.Clamp(given < 0 ? given + length : given, 0, length)
            : Math.Clamp(given < 0 ? given + length : given, -1, length - 1);
    }

    /// <summary>Where a text's code point is in UTF-16.</summary>
    public static int Place(JinjaText text, int codePoint)
    {
        if (!text.IsWide)
        {
            return codePoint;
        }
        var at = 0;
        for (var i = 0; i < codePoint && at < text.Value.Length; i++)
        {
            at += WidthAt(text.Value, at);
        }
        return at;
    }

    public static IEnumerable<JinjaText> Characters(JinjaText text)
    {
        for (int at = 0, width; at < text.Value.Length; at += width)
        {
            width = WidthAt(text.Value, at);
            yield return text.Part(at, at + width);
        }
    }

    private static int WidthAt(string text, int at) => Rune.TryGetRuneAt(text, at, out var rune) ? rune.Utf16SequenceLength : 1;

    private static long? Index(JinjaRun run, object? value)
    {
        RefuseUndefined(run, value);
        const long most = int.MaxValue;
        return value is null ? null : value is long or bool ? Math.Clamp(ToLong(value), -most, most)
            : throw run.Error("slice indices must be integers or None");
    }

    private static JinjaUndefined Missing(object? value, string name) => new(value switch
    {
        null => $"'None' has no attribute '{name}'",
        JinjaDict => $"'dict object' has no attribute '{name}'",
        _ => $"'{TypeOf(value)} object' has no attribute '{name}'",
    });
}
