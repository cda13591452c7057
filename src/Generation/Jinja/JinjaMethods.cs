using System.Collections.Frozen;
using static IterativeDpo.Generation.Jinja.JinjaFunction;

namespace IterativeDpo.Generation.Jinja;

/// <summary>
/// Methods of dicts and lists, by Python's names; those that would change what they are of are refused, as transformers does.
/// </summary>
internal static class JinjaMethods
{
    public static readonly FrozenDictionary<string, JinjaFunction> OfDict = ((JinjaFunction[])
    [
        Of(
            "get",
            "key default?",
            (_, of, given) =>
                ((JinjaDict)of!).TryGet(given[0], out var value) ? value
                : given[1] is NotGiven ? null
                : given[1]),
        Of(
            "items",
            "",
            (run, of, _) =>
                new JinjaList(
                    JinjaItems.Take(
                        run,
                        ((JinjaDict)of!).Items.Select(item => new JinjaList([item.Key, item.Value], isTuple: true))))),
        Of("keys", "", (run, of, _) => new JinjaList(JinjaItems.Take(run, ((JinjaDict)of!).Keys))),
        Of("values", "", (run, of, _) => new JinjaList(JinjaItems.Take(run, ((JinjaDict)of!).Values))),
        Of("copy", "", (_, of, _) => of),
        .. Changing("update", "pop", "popitem", "clear", "setdefault"),
    ]).ToFrozenDictionary(function => function.Name);

    private static readonly FrozenDictionary<string, JinjaFunction> s_ofList = ((JinjaFunction[])
    [
        Of("index", "value", (run, of, given) => (long)IndexOf(run, (JinjaList)of!, given[0])),
        Of("count", "value", (run, of, given) => ((JinjaList)of!).Items.LongCount(item => JinjaOperators.AreEqual(run, item, given[0]))),
        Of("copy", "", (_, of, _) => of),
        .. Changing("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    ]).ToFrozenDictionary(function => function.Name);

    /// <returns>Null where there is no method of this name.</returns>
    public static JinjaFunction? Find(object? value, string name) => value switch
    {
        JinjaText => JinjaTextMethods.All.GetValueOrDefault(name),
        JinjaDict => OfDict.GetValueOrDefault(name),
        JinjaList => s_ofList.GetValueOrDefault(name),
        _ => null,
    };

    private static IEnumerable<JinjaFunction> Changing(params string[] names) => names.Select(name => new JinjaFunction(
        name,
        (run, of, _) =>
            throw run.Error($"{name}() would change a {JinjaOperators.TypeOf(of)}, which templates may not; a namespace can be changed")
    ));

    private static int IndexOf(JinjaRun run, JinjaList list, object? value)
    {
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (JinjaOperators.AreEqual(run, list.Items[i], value))
            {
                return i;
            }
        }
        throw run.Error($"{JinjaFormat.Represent(run, value).Value} is not in list");
    }
}
