namespace IterativeDpo.Artifacts.Settings;

/// <summary>
/// Puts values in the place of substitutions, as the HOCON specification says: <c>${a.b}</c> is looked up in the whole file, and then
/// in the environment; within a value of a.b itself it means what a.b was before. <c>${?a.b}</c> may be nowhere: then the value before it
/// stays.
/// </summary>
internal sealed class HoconResolver(HoconObject root)
{
    private const int MostOpen = 250, MostValues = 1_000_000;
    private readonly List<(List<HoconValue> Field, int Index)> _open = [];
    private bool _isCircle;
    private int _values;

    /// <exception cref="UserInputException">A substitution for nothing, or for itself.</exception>
    public HoconObject Resolve() => Resolve(root);

    private HoconObject Resolve(HoconObject section)
    {
        var resolved = new HoconObject(section.Origin);
        foreach (var (key, values) in section.Fields)
        {
            if (Value(values) is { } value)
            {
                resolved.Add([key], value);
            }
        }
        return resolved;
    }

    /// <summary>What a field is by those of its values that are not being resolved just now, or null where that is nothing.</summary>
    private HoconValue? Value(List<HoconValue> field) =>
        Merge(Enumerable.Range(0, Closed(field)).Reverse().Select(index => Value(field, index)));

    private HoconValue? Value(List<HoconValue> field, int index)
    {
        var origin = field[index].Origin;
        if (++_values > MostValues)
        {
            throw new UserInputException(
                $"{origin.Place}: substitutions of substitutions come to more than {MostValues} values here; write what is meant.");
        }
        if (_open.Count == MostOpen)
        {
            throw new UserInputException(
                $"{origin.Place}: sections and substitutions are more than {MostOpen} deep here; write what is meant.");
        }
        _open.Add((field, index));
        var value = Evaluate(field[index]);
        _open.RemoveAt(_open.Count - 1);
        return value;
    }

    /// <summary>How many values of a field, from its first, are not being resolved just now.</summary>
    private int Closed(List<HoconValue> field)
    {
        var open = _open.Where(item => ReferenceEquals(item.Field, field)).Select(item => item.Index).DefaultIfEmpty(field.Count).Min();
        _isCircle |= open < field.Count;
        return open;
    }

    /// <summary>Sections over each other, the last one first; anything else hides what is behind it.</summary>
    private static HoconValue? Merge(IEnumerable<HoconValue?> values)
    {
        HoconObject? merged = null;
        foreach (var value in values.OfType<HoconValue>())
        {
            if (value is not HoconObject section)
            {
                return merged ?? value;
            }
            var below = new HoconObject(section.Origin);
            below.AddAll(section);
            below.AddAll(merged ?? new(section.Origin));
            merged = below;
        }
        return merged;
    }

    private HoconValue? Evaluate(HoconValue value) => value switch
    {
        HoconObject section => Resolve(section),
        HoconList list => list with { Items = [.. list.Items.Select(Evaluate).OfType<HoconValue>()] },
        HoconSubstitution substitution => Find(substitution),
        HoconConcatenation parts => Join(parts),
        _ => value,
    };

    private HoconValue? Join(HoconConcatenation concatenation)
    {
        HoconValue[] parts = [.. concatenation.Parts.Select(Evaluate).OfType<HoconValue>()];
        if (parts.All(part => part is HoconText))
        {
            return parts.Length == 0
                ? null
                : new HoconText(concatenation.Origin, string.Concat(parts.Select(part => ((HoconText)part).Text ?? "null")));
        }
        parts = [.. parts.Where(part => part is not HoconText { Text: { } text } || !string.IsNullOrWhiteSpace(text))];
        return parts.All(part => part is HoconList)
                ? new HoconList(concatenation.Origin, [.. parts.SelectMany(part => ((HoconList)part).Items)])
            : parts.All(part => part is HoconObject) ? Merge(parts.Reverse())
            : throw HoconParser.Unjoinable(concatenation.Origin);
    }

    private HoconValue? Find(HoconSubstitution substitution)
    {
        _isCircle = false;
        var name = string.Join('.', substitution.Path);
        var found = Find([.. substitution.Prefix, .. substitution.Path])
            ?? (substitution.Prefix.Length > 0 ? Find(substitution.Path) : null)
            ?? (Environment.GetEnvironmentVariable(name) is { } text ? new HoconText(substitution.Origin, text) : null);
        // A section keeps its lines; a single value is one of this line.
        return found is HoconObject ? found
            : found is not null ? found with { Origin = substitution.Origin }
            : substitution.IsOptional ? null
            : throw new UserInputException($"{substitution.Origin.Place}: ${{{name}}} " + (_isCircle
                ? "stands for itself, directly or by way of other keys; write what is meant."
                : $"stands for nothing: there is no such key in the file, and no such environment variable; set it, or write ${{?{name}}}."));
    }

    /// <summary>What is at a path, of which no more is resolved than that.</summary>
    private HoconValue? Find(string[] path)
    {
        IEnumerable<HoconObject> sections = [root];
        foreach (var key in path[..^1])
        {
            sections = sections.SelectMany(section => section.Fields.TryGetValue(key, out var field) ? SectionsIn(field) : []);
        }
        return Merge(sections.Select(section => section.Fields.TryGetValue(path[^1], out var field) ? Value(field) : null));
    }

    /// <summary>The sections that a field is made of, the last one first.</summary>
    private IEnumerable<HoconObject> SectionsIn(List<HoconValue> field)
    {
        for (var index = field.Count - 1; index >= 0; index--)
        {
            var value = field[index] is HoconObject ? field[index] : index < Closed(field) ? Value(field, index) : null;
            if (value is HoconObject section)
            {
                yield return section;
            }
            else if (value is not null)
            {
                yield break;
            }
        }
    }
}
