using System.Globalization;
using static IterativeDpo.Generation.Jinja.JinjaOperators;
using static IterativeDpo.Generation.Jinja.JinjaTextMethods;

namespace IterativeDpo.Generation.Jinja;

/// <summary>Filters of lists.</summary>
internal static class JinjaLists
{
    /// <summary>The items, or an attribute of each: <c>a.b.0</c>.</summary>
    public static IEnumerable<object?> Mapped(JinjaRun run, object? value, object? attribute, object? standard = null) =>
        JinjaItems.Of(run, value).Select(item => AttributeOf(run, item, attribute, standard));

    public static object Map(JinjaRun run, object? value, JinjaArguments given)
    {
        if (given.Values.Length == 0)
        {
            var attribute =
                given.Named.FirstOrDefault(named => named.Name == "attribute").Value ?? throw run.Error("map requires a filter argument");
            return new JinjaList(
                JinjaItems.Take(run, Mapped(run, value, attribute, given.Named.FirstOrDefault(named => named.Name == "default").Value)));
        }
        var filter = Find(run, JinjaFilters.All, given.Values[0], "filter");
        var rest = given with { Values = given.Values[1..] };
        return new JinjaList(JinjaItems.Take(run, JinjaItems.Of(run, value).Select(item => filter.Call(run, item, rest))));
    }

    public static object Select(JinjaRun run, object? value, JinjaArguments given, bool byAttribute, bool wanted)
    {
        if (byAttribute && given.Values.Length == 0)
        {
            throw run.Error("Missing parameter for attribute name");
        }
        var (attribute, rest) = byAttribute ? (given.Values[0], given.Values[1..]) : (NotGiven.Value, given.Values);
        var test = rest.Length == 0 ? null : Find(run, JinjaTests.All, rest[0], "test");
        var arguments = given with { Values = rest.Length == 0 ? rest : rest[1..] };
        return new JinjaList(JinjaItems.Take(run, JinjaItems.Of(run, value).Where(item =>
        {
            var tested = AttributeOf(run, item, attribute, null);
            return IsTrue(test is null ? tested : test.Call(run, tested, arguments)) == wanted;
        })));
    }

    public static object Sort(JinjaRun run, object? value, object?[] given)
    {
        // Stable, and backwards too.
        var sign = given[0] is not NotGiven && IsTrue(given[0]) ? -1 : 1;
        var items = Mapped(run, value, NotGiven.Value).Select(item => (Item: item, Key: SortKey(run, item, given[2], given[1])));
        return new JinjaList(Ordered(run, items, sign).ConvertAll(item => item.Item));
    }

    public static object DictSort(JinjaRun run, object? value, object?[] given)
    {
        if (value is not JinjaDict dict)
        {
            throw run.Error($"dictsort: a dict is needed, not {TypeOf(value)}");
        }
        var byValue = given[1] is not NotGiven && Text(run, given[1]).Value == "value";
        var items = dict.Items.Select(item => (
            Item: (object?)new JinjaList([item.Key, item.Value], isTuple: true),
            Key: SortKey(run, byValue ? item.Value : item.Key, NotGiven.Value, given[0])));
        return new JinjaList(Ordered(run, items, given[2] is not NotGiven && IsTrue(given[2]) ? -1 : 1).ConvertAll(item => item.Item));
    }

    public static object? Extreme(JinjaRun run, object? value, object?[] given, int sign)
    {
        var (best, key) = ((object?)new JinjaUndefined("No aggregated item, sequence was empty."), (object?)null);
        foreach (var item in JinjaItems.Of(run, value))
        {
            var own = SortKey(run, item, given[1], given[0]);
            if (best is JinjaUndefined || Compare(run, own, key) * sign > 0)
            {
                (best, key) = (item, own);
            }
        }
        return best;
    }

    public static object Unique(JinjaRun run, object? value, object?[] given)
    {
        var (seen, unique) = (new JinjaDict(), new List<object?>());
        foreach (var item in JinjaItems.Of(run, value))
        {
            run.Step();
            var key = SortKey(run, item, given[1], given[0]);
            if (!seen.TryGet(key, out _))
            {
                unique.Add(seen.TrySet(key, true) ? item : throw run.Error($"unhashable type: '{TypeOf(item)}'"));
            }
        }
        return new JinjaList(unique);
    }

    public static object GroupBy(JinjaRun run, object? value, object?[] given)
    {
        var standard = given[1] is NotGiven ? null : given[1];
        var items = JinjaItems.Of(run, value).Select(item => (Item: item, Key: SortKey(run, item, given[0], given[2], standard)));
        var groups = new List<(object? Key, object? First, List<object?> Items)>();
        foreach (var (item, key) in Ordered(run, items, 1))
        {
            if (groups.Count == 0 || !AreEqual(run, groups[^1].Key, key))
            {
                groups.Add((key, AttributeOf(run, item, given[0], standard), []));
            }
            groups[^1].Items.Add(item);
        }
        return new JinjaList([.. groups.Select(group => new JinjaList([group.First, new JinjaList(group.Items)], isTuple: true))]);
    }

    public static object Batch(JinjaRun run, object? value, int size, object? fill)
    {
        if (size < 1)
        {
            throw run.Error("batch: a size of 1 or more is needed");
        }
        var batches = JinjaItems.Of(run, value).Chunk(size).Select(batch => batch.ToList()).ToList();
        if (batches.Count > 0 && fill is not (NotGiven or null))
        {
            run.Step(size);
            batches[^1].AddRange(Enumerable.Repeat(fill, size - batches[^1].Count));
        }
        return new JinjaList([.. batches.Select(batch => new JinjaList(batch))]);
    }

    public static object Slices(JinjaRun run, object? value, int slices, object? fill)
    {
        if (slices < 1)
        {
            throw run.Error("slice: a number of 1 or more is needed");
        }
        run.Step(slices);
        var items = JinjaItems.Of(run, value);
        var (each, more) = Math.DivRem(items.Count, slices);
        return new JinjaList([
            .. Enumerable
                .Range(0, slices)
                .Select(i => new JinjaList([
                    .. items.Skip((i * each) + Math.Min(i, more)).Take(each + (i < more ? 1 : 0)),
                    .. fill is not (NotGiven or null) && i >= more && more > 0 ? [fill] : Array.Empty<object?>(),
                ])),
        ]);
    }

    private static JinjaFunction Find(JinjaRun run, IReadOnlyDictionary<string, JinjaFunction> known, object? name, string kind) =>
        known.GetValueOrDefault(Text(run, name).Value) ?? throw run.Error($"there is no {kind} named '{name}' here");

    private static object? AttributeOf(JinjaRun run, object? item, object? attribute, object? standard)
    {
        run.Step();
        if (attribute is NotGiven or null)
        {
            return item;
        }
        var found = item;
        foreach (var part in attribute is long ? [$"{attribute}"] : Text(run, attribute).Value.Split('.'))
        {
            found = long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var place)
                ? JinjaItems.Item(run, found, place)
                : JinjaItems.Item(run, found, new JinjaText(part));
            if (found is JinjaUndefined && standard is not null)
            {
                return standard;
            }
        }
        return found;
    }

    private static object? SortKey(JinjaRun run, object? item, object? attribute, object? isCaseSensitive, object? standard = null)
    {
        var isExact = isCaseSensitive is not NotGiven && IsTrue(isCaseSensitive);
        object? Fold(object? key) => key is JinjaText text && !isExact ? Lower(text) : key;
        return attribute is JinjaText { Value: var names } && names.Contains(',', StringComparison.Ordinal)
            ? new JinjaList([.. names.Split(',').Select(name => Fold(AttributeOf(run, item, new JinjaText(name), standard)))])
            : Fold(AttributeOf(run, item, attribute, standard));
    }

    private static List<(object? Item, object? Key)> Ordered(JinjaRun run, IEnumerable<(object? Item, object? Key)> items, int sign)
    {
        try
        {
            return [.. items.OrderBy(item => item.Key, Comparer<object?>.Create((a, b) => sign * Compare(run, a, b)))];
        }
        // Sorting wraps what its comparer throws.
        catch (InvalidOperationException e) when (e.InnerException is JinjaException { Problem: var problem })
        {
            throw run.Error(problem);
        }
    }
}
