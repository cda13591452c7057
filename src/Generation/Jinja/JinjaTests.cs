using System.Collections.Frozen;
using static IterativeDpo.Generation.Jinja.JinjaFunction;
using static IterativeDpo.Generation.Jinja.JinjaOperators;

namespace IterativeDpo.Generation.Jinja;

/// <summary>What can stand behind <c>is</c>.</summary>
internal static class JinjaTests
{
    public static readonly FrozenDictionary<string, JinjaFunction> All = ((JinjaFunction[])
    [
        Is("defined", value => value is not JinjaUndefined),
        Is("undefined", value => value is JinjaUndefined),
        Is("none", value => value is null),
        Is("boolean", value => value is bool),
        Is("true", value => value is true),
        Is("false", value => value is false),
        Is("integer", value => value is long),
        Is("float", value => value is double),
        Is("number", IsNumber),
        Is("string", value => value is JinjaText),
        Is("mapping", value => value is JinjaDict),
        // What is undefined has a length and items: none.
        Is("sequence", value => value is JinjaText or JinjaList or JinjaDict or JinjaUndefined),
        Is("iterable", value => value is JinjaText or JinjaList or JinjaDict or JinjaUndefined),
        Is("callable", value => value is JinjaFunction or JinjaMethod or JinjaUndefined),
        Of("odd", "", (run, value, _) => Equals(Calculate(run, "%", value, 2L), 1L)),
        Of("even", "", (run, value, _) => Equals(Calculate(run, "%", value, 2L), 0L)),
        Of("divisibleby", "num", (run, value, given) => Equals(Calculate(run, "%", value, given[0]), 0L)),
        Of("sameas", "other", (run, value, given) => TypeOf(value) == TypeOf(given[0]) && AreEqual(run, value, given[0])),
        Of("in", "seq", (run, value, given) => Contains(run, given[0], value)),
        Of("lower", "", (run, value, _) => JinjaTextMethods.All["islower"].Call(run, JinjaFormat.ToText(run, value), JinjaArguments.None)),
        Of("upper", "", (run, value, _) => JinjaTextMethods.All["isupper"].Call(run, JinjaFormat.ToText(run, value), JinjaArguments.None)),
        Of("filter", "", (run, value, _) => JinjaFilters.All.ContainsKey(JinjaTextMethods.Text(run, value).Value)),
        Of("test", "", (run, value, _) => All!.ContainsKey(JinjaTextMethods.Text(run, value).Value)),
        .. Compares((run, a, b) => AreEqual(run, a, b), "eq", "equalto", "=="),
        .. Compares((run, a, b) => !AreEqual(run, a, b), "ne", "!="),
        .. Compares((run, a, b) => Compare(run, a, b, "<") < 0, "lt", "lessthan", "<"),
        .. Compares((run, a, b) => Compare(run, a, b, "<=") <= 0, "le", "<="),
        .. Compares((run, a, b) => Compare(run, a, b, ">") > 0, "gt", "greaterthan", ">"),
        .. Compares((run, a, b) => Compare(run, a, b, ">=") >= 0, "ge", ">="),
    ]).ToFrozenDictionary(function => function.Name);

    private static JinjaFunction Is(string name, Func<object?, bool> holds) => Of(name, "", (_, value, _) => holds(value));

    private static IEnumerable<JinjaFunction> Compares(Func<JinjaRun, object?, object?, bool> holds, params string[] names) =>
        names.Select(name => Of(name, "other", (run, value, given) => holds(run, value, given[0])));
}
