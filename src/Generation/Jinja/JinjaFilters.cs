using System.Collections.Frozen;
using System.Globalization;
using static IterativeDpo.Generation.Jinja.JinjaFunction;
using static IterativeDpo.Generation.Jinja.JinjaOperators;
using static IterativeDpo.Generation.Jinja.JinjaTextMethods;

namespace IterativeDpo.Generation.Jinja;

/// <summary>What can stand behind <c>|</c>, but for what escapes HTML and what goes by chance.</summary>
internal static class JinjaFilters
{
    public static readonly FrozenDictionary<string, JinjaFunction> All = ((JinjaFunction[])
    [
        Of(
            "abs",
            "",
            (run, value, _) =>
                value is double number ? Math.Abs(number)
                : Compare(run, value, 0L) < 0 ? Negate(run, value)
                : value),
        Of(
            "attr",
            "name",
            (run, value, given) =>
                JinjaItems.Attribute(run, value, Text(run, given[0]).Value) is var found
                && value is JinjaDict
                && found is not JinjaMethod
                    ? JinjaUndefined.Named(Text(run, given[0]).Value)
                    : found),
        Of("batch", "linecount fill_with?", (run, value, given) => JinjaLists.Batch(run, value, Number(run, given[0], 1), given[1])),
        Of("capitalize", "", (run, value, _) => Capitalize(run, ToText(run, value))),
        Of(
            "center",
            "width?",
            (run, value, given) =>
                JinjaTextMethods.All["center"].Call(run, ToText(run, value), new([given[0] is NotGiven ? 80L : given[0]], []))),
        .. Same("default", "d", "default_value? boolean?", (_, value, given) =>
            value is JinjaUndefined || (given[1] is not NotGiven && IsTrue(given[1]) && !IsTrue(value))
                ? given[0] is NotGiven
                    ? JinjaText.Empty
                    : given[0]
                : value),
        Of("dictsort", "case_sensitive? by? reverse?", JinjaLists.DictSort),
        Of(
            "first",
            "",
            (run, value, _) =>
                JinjaItems.Of(run, value) is [var first, ..] ? first : new JinjaUndefined("No first item, sequence was empty.")),
        Of(
            "last",
            "",
            (run, value, _) =>
                JinjaItems.Of(run, value) is [.., var last] ? last : new JinjaUndefined("No last item, sequence was empty.")),
        Of("float", "default?", (_, value, given) => ToFloat(value) ?? (given[0] is NotGiven ? 0.0 : given[0])),
        Of("int", "default? base?", (run, value, given) => ToInt(run, value, given)),
        new JinjaFunction(
            "format",
            (run, value, given) =>
                JinjaFormat.Percent(
                    run,
                    ToText(run, value),
                    given.Named.Length == 0 ? given.Values : throw run.Error("format by names is not supported here"))),
        Of("indent", "width? first? blank?", Indent),
        Of(
            "items",
            "",
            (run, value, _) =>
                value is JinjaUndefined ? new JinjaList([])
                : value is JinjaDict ? JinjaMethods.OfDict["items"].Call(run, value, JinjaArguments.None)
                : throw run.Error("Can only get item pairs from a mapping.")),
        Of("join", "d? attribute?", (run, value, given) => JinjaFormat.Concat(
            run, JinjaLists.Mapped(run, value, given[1]), given[0] is NotGiven ? null : ToText(run, given[0]))),
        .. Same("length", "count", "", (run, value, _) => JinjaItems.LengthOf(run, value)),
        Of("list", "", (run, value, _) => new JinjaList(JinjaItems.Of(run, value))),
        Of("lower", "", (run, value, _) => Lower(ToText(run, value))),
        Of("upper", "", (run, value, _) => Upper(ToText(run, value))),
        new JinjaFunction("map", JinjaLists.Map),
        Of("max", "case_sensitive? attribute?", (run, value, given) => JinjaLists.Extreme(run, value, given, sign: 1)),
        Of("min", "case_sensitive? attribute?", (run, value, given) => JinjaLists.Extreme(run, value, given, sign: -1)),
        new JinjaFunction("select", (run, value, given) => JinjaLists.Select(run, value, given, byAttribute: false, wanted: true)),
        new JinjaFunction("reject", (run, value, given) => JinjaLists.Select(run, value, given, byAttribute: false, wanted: false)),
        new JinjaFunction("selectattr", (run, value, given) => JinjaLists.Select(run, value, given, byAttribute: true, wanted: true)),
        new JinjaFunction("rejectattr", (run, value, given) => JinjaLists.Select(run, value, given, byAttribute: true, wanted: false)),
        Of("groupby", "attribute default? case_sensitive?", JinjaLists.GroupBy),
        Of(
            "replace",
            "old new count?",
            (run, value, given) =>
                Replace(
                    run,
                    ToText(run, value),
                    ToText(run, given[0]),
                    ToText(run, given[1]),
                    given[2] is null ? -1 : Number(run, given[2], -1))),
        Of(
            "reverse",
            "",
            (run, value, _) =>
                value is JinjaText
                    ? JinjaItems.Slice(run, value, null, null, -1L)
                    : new JinjaList([.. JinjaItems.Of(run, value).Reverse()])),
        Of("round", "precision? method?", Round),
        Of("safe", "", (_, value, _) => value),
        Of("slice", "slices fill_with?", (run, value, given) => JinjaLists.Slices(run, value, Number(run, given[0], 1), given[1])),
        Of("sort", "reverse? case_sensitive? attribute?", JinjaLists.Sort),
        Of("string", "", (run, value, _) => ToText(run, value)),
        Of(
            "sum",
            "attribute? start?",
            (run, value, given) =>
                JinjaLists
                    .Mapped(run, value, given[0])
                    .Aggregate(given[1] is NotGiven ? 0L : given[1], (sum, item) => Calculate(run, "+", sum, item))),
        Of("title", "", (run, value, _) => Title(run, ToText(run, value))),
        Of("tojson", "ensure_ascii? indent? separators? sort_keys?", ToJson),
        Of("trim", "chars?", (run, value, given) => Strip(run, ToText(run, value), given[0], left: true, right: true)),
        Of("truncate", "length? killwords? end? leeway?", Truncate),
        Of("unique", "case_sensitive? attribute?", JinjaLists.Unique),
        Of("wordcount", "", (run, value, _) => (long)JinjaSplit.Split(run, ToText(run, value), null, NotGiven.Value).Items.Count),
    ]).ToFrozenDictionary(function => function.Name);

    private static JinjaText ToText(JinjaRun run, object? value) => JinjaFormat.ToText(run, value);

    private static double? ToFloat(object? value) => IsNumber(value) ? ToDouble(value)
        : value is JinjaText text && double.TryParse(text.Value.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
        : null;

    private static object? ToInt(JinjaRun run, object? value, object?[] given)
    {
        if (given[1] is not NotGiven && !AreEqual(run, given[1], 10L))
        {
            throw run.Error("int() of another base than 10 is not supported here");
        }
        return value is long or bool ? ToLong(value)
            : value is JinjaText text
            && long.TryParse(text.Value.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                ? whole
            : ToFloat(value) is { } number && Math.Abs(number) < long.MaxValue ? (long)number
            : given[0] is NotGiven ? 0L : given[0];
    }

    private static object Indent(JinjaRun run, object? value, object?[] given)
    {
        var width = given[0] is JinjaText text ? text : new JinjaText(new string(' ', Math.Clamp(Number(run, given[0], 4), 0, 10_000)));
        var (first, blank) = (given[1] is not NotGiven && IsTrue(given[1]), given[2] is not NotGiven && IsTrue(given[2]));
        var lines = JinjaSplit.Lines(run, Join(run, ToText(run, value), new("\n")), keepEnds: false).Items;
        var written = new JinjaWriter(run);
        foreach (var (i, line) in lines.Index())
        {
            run.Step();
            written.Add(i > 0 ? "\n" : "");
            if (i == 0 ? first : blank || ((JinjaText)line!).Value.Length > 0)
            {
                written.Add(width);
            }
            written.Add((JinjaText)line!);
        }
        return written.ToText();
    }

    private static object Round(JinjaRun run, object? value, object?[] given)
    {
        if (!IsNumber(value))
        {
            RefuseUndefined(run, value);
            throw run.Error($"round: a number is needed, not {TypeOf(value)}");
        }
        var (number, precision) = (ToDouble(value), Math.Clamp(Number(run, given[0], 0), -15, 15));
        var scale = Math.Pow(10, precision);
        return (given[1] is NotGiven ? "common" : Text(run, given[1]).Value) switch
        {
            "common" when value is long or bool && precision >= 0 => (object)ToLong(value),
            "common" when value is long or bool => (long)(Math.Round(number * scale) / scale),
            // Written with so many places it is rounded by its exact value, as Python does.
            "common" => precision > 0
                ? double.Parse(number.ToString($"F{precision}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
                : Math.Round(number * scale) / scale,
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw run.Error("method must be common, ceil or floor"),
        };
    }

    private static object ToJson(JinjaRun run, object? value, object?[] given)
    {
        (string, string)? separators = given[2] is NotGiven or null ? null
            : JinjaItems.Of(run, given[2]) is [JinjaText item, JinjaText key] ? (item.Value, key.Value)
            : throw run.Error("tojson: separators are two texts");
        return JinjaJson.Write(
            run,
            value,
            given[1] is NotGiven or null ? null
                : given[1] is JinjaText indent ? indent.Value
                : new string(' ', Math.Clamp(Number(run, given[1], 0), 0, 1000)),
            separators,
            isAscii: given[0] is not NotGiven && IsTrue(given[0]),
            sortKeys: given[3] is not NotGiven && IsTrue(given[3]));
    }

    private static object Truncate(JinjaRun run, object? value, object?[] given)
    {
        var (text, most) = (ToText(run, value), Number(run, given[0], 255));
        var end = given[2] is NotGiven ? new JinjaText("...") : ToText(run, given[2]);
        var ending = (int)JinjaItems.LengthOf(run, end);
        var leeway = given[3] is null ? 5 : Number(run, given[3], 5);
        if (most < ending || leeway < 0)
        {
            throw run.Error($"truncate: expected length >= {ending}, got {most}");
        }
        if (JinjaItems.LengthOf(run, text) <= (long)most + leeway)
        {
            return text;
        }
        var cut = text.Part(0, JinjaItems.Place(text, most - ending));
        return given[1] is not NotGiven && IsTrue(given[1])
            ? Join(run, cut, end)
            : Join(run, cut.Value.LastIndexOf(' ') is >= 0 and var space ? cut.Part(0, space) : cut, end);
    }

    /// <summary>A filter with two names.</summary>
    private static IEnumerable<JinjaFunction> Same(
        string name,
        string other,
        string parameters,
        Func<JinjaRun, object?, object?[], object?> body
    ) => [Of(name, parameters, body), Of(other, parameters, body)];
}
