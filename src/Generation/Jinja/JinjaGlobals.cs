using System.Collections.Frozen;
using static IterativeDpo.Generation.Jinja.JinjaFunction;

namespace IterativeDpo.Generation.Jinja;

/// <summary>Functions that are there without being given: Jinja's, and those that transformers adds.</summary>
internal static class JinjaGlobals
{
    private const int LongestRange = 100_000;

    public static readonly FrozenDictionary<string, JinjaFunction> All = ((JinjaFunction[])
    [
        Of("range", "start stop? step?", Range),
        new JinjaFunction("dict", (run, _, given) => Dict(run, "dict", given)),
        new JinjaFunction("namespace", (run, _, given) => new JinjaNamespace(Dict(run, "namespace", given))),
        Of("raise_exception", "message", (run, _, given) => throw run.Raise(JinjaFormat.ToText(run, given[0]).Value)),
        Of("strftime_now", "format", (run, _, given) => new JinjaText(JinjaTime.Format(
            run,
            run.Time ?? throw run.Error("strftime_now asks for the time, and it is not set (chat-template.time)"),
            JinjaTextMethods.Text(run, given[0]).Value))),
    ]).ToFrozenDictionary(function => function.Name);

    private static JinjaDict Dict(JinjaRun run, string name, JinjaArguments given)
    {
        var before = given.Values switch
        {
            [] => [],
            [JinjaDict dict] => dict.Items.Select(item => (item.Key, item.Value)),
            [var pairs] => JinjaItems
                .Of(run, pairs)
                .Select(pair => JinjaItems.Of(run, pair) is [var key, var value] ? (key, value) : throw run.Error($"{name}() takes pairs")),
            _ => throw run.Error($"{name}() takes one value at most, and others by name"),
        };
        var made = new JinjaDict();
        foreach (var (key, value) in before.Concat(given.Named.Select(item => ((object?)new JinjaText(item.Name), item.Value))))
        {
            if (!made.TrySet(key, value))
            {
                throw run.Error($"unhashable type: '{JinjaOperators.TypeOf(key)}'");
            }
        }
        return made;
    }

    private static JinjaList Range(JinjaRun run, object? _, object?[] given)
    {
        var first = JinjaTextMethods.Number(run, given[0], 0);
        var (from, to, by) =
            given[1] is NotGiven
                ? (0, first, 1)
                : (first, JinjaTextMethods.Number(run, given[1], 0), JinjaTextMethods.Number(run, given[2], 1));
        if (by == 0)
        {
            throw run.Error("range() arg 3 must not be zero");
        }
        var count = Math.Max(0, ((long)to - from + by - Math.Sign(by)) / by);
        if (count > LongestRange)
        {
            throw run.Error($"a range of {count} numbers, where {LongestRange} are the most");
        }
        run.Step((int)count);
        return new([.. Enumerable.Range(0, (int)count).Select(i => (object?)(from + ((long)i * by)))]);
    }
}
