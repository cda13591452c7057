namespace IterativeDpo.Generation.Jinja;

// A value is null (none), a bool, a long, a double, a JinjaText, or one of these.

/// <summary>A list, or a tuple.</summary>
internal sealed class JinjaList(IReadOnlyList<object?> items, bool isTuple = false)
{
    public IReadOnlyList<object?> Items => items;

    public bool IsTuple => isTuple;
}

/// <summary>A dict in the order of its keys, which are texts (as strings), numbers, bools and none.</summary>
internal sealed class JinjaDict
{
    private static readonly object s_none = new();
    private readonly OrderedDictionary<object, object?> _items = [];

    public JinjaDict(params IEnumerable<(string Key, object? Value)> items)
    {
        foreach (var (key, value) in items)
        {
            _items[key] = value;
        }
    }

    public int Count => _items.Count;

    public IEnumerable<KeyValuePair<object?, object?>> Items => _items.Select(item => KeyValuePair.Create(Read(item.Key), item.Value));

    public IEnumerable<object?> Keys => _items.Keys.Select(Read);

    public IEnumerable<object?> Values => _items.Values;

    public bool TryGet(string key, out object? value) => _items.TryGetValue(key, out value);

    /// <returns>False also for what is no key.</returns>
    public bool TryGet(object? key, out object? value)
    {
        value = null;
        return Write(key) is { } written && _items.TryGetValue(written, out value);
    }

    /// <returns>Whether it can be a key.</returns>
    public bool TrySet(object? key, object? value)
    {
        if (Write(key) is not { } written)
        {
            return false;
        }
        _items[written] = value;
        return true;
    }

    public static bool IsKey(object? key) => Write(key) is not null;

    private static object? Read(object key) => key is string text ? new JinjaText(text) : key == s_none ? null : key;

    /// <summary>Keys that are equal become the same.</summary>
    private static object? Write(object? key) => key switch
    {
        null => s_none,
        JinjaText text => text.Value,
        string or long => key,
        bool isTrue => isTrue ? 1L : 0L,
        double number => number == Math.Floor(number) && Math.Abs(number) < 1L << 53 ? (object)(long)number : number,
        _ => null,
    };
}

/// <summary>What is not there: it is false, empty and without text, and cannot be used for more.</summary>
/// <param name="problem">Says what is not there.</param>
internal sealed class JinjaUndefined(string problem)
{
    public string Problem => problem;

    public static JinjaUndefined Named(string name) => new($"'{name}' is undefined");
}

/// <summary>Variables that a template may set from anywhere: <c>namespace(a=1)</c>.</summary>
internal sealed class JinjaNamespace(JinjaDict values)
{
    public JinjaDict Values => values;
}

/// <summary>What a template may know within a loop: <c>loop</c>.</summary>
internal sealed class JinjaLoop(IReadOnlyList<object?> items)
{
    private object? _last;
    private bool _hasLast;

    public int Index { get; set; }

    public bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "index" => Index + 1L,
            "index0" => (long)Index,
            "revindex" => (long)items.Count - Index,
            "revindex0" => items.Count - Index - 1L,
            "first" => Index == 0,
            "last" => Index == items.Count - 1,
            "length" => (long)items.Count,
            // Of loops that call themselves, which are not known here.
            "depth" => 1L,
            "depth0" => 0L,
            "previtem" => Index > 0 ? items[Index - 1] : new JinjaUndefined("there is no previous item"),
            "nextitem" => Index < items.Count - 1 ? items[Index + 1] : new JinjaUndefined("there is no next item"),
            "cycle" => JinjaFunction.OfAny(
                "cycle",
                (run, given) => given.Count > 0 ? given[Index % given.Count] : throw run.Error("cycle() needs something to go through")),
            "changed" => JinjaFunction.OfAny("changed", (run, given) => HasChanged(run, given)),
            _ => NotGiven.Value,
        };
        return value is not NotGiven;
    }

    private bool HasChanged(JinjaRun run, IReadOnlyList<object?> given)
    {
        var now = new JinjaList(given);
        var hasChanged = !_hasLast || !JinjaOperators.AreEqual(run, _last, now);
        (_last, _hasLast) = (now, true);
        return hasChanged;
    }
}
