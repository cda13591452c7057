using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IterativeDpo.Artifacts.Settings;

/// <summary>Where a value was written: what a message names, and what its relative paths start from.</summary>
/// <param name="Place">A file and line, or an option of the command line.</param>
public sealed record HoconOrigin(string Place, string Directory);

/// <summary>A value of a HOCON file that knows where it was written.</summary>
public abstract record HoconValue(HoconOrigin Origin);

/// <param name="Text">Null for <c>null</c>.</param>
public sealed record HoconText(HoconOrigin Origin, string? Text) : HoconValue(Origin);

public sealed record HoconList(HoconOrigin Origin, IReadOnlyList<HoconValue> Items) : HoconValue(Origin);

/// <param name="Path">What it stands for, from the top of the file that it is in.</param>
/// <param name="Prefix">Under what that file was included.</param>
internal sealed record HoconSubstitution(HoconOrigin Origin, string[] Path, string[] Prefix, bool IsOptional) : HoconValue(Origin);

/// <summary>Values side by side, one of which at least is a substitution.</summary>
internal sealed record HoconConcatenation(HoconOrigin Origin, IReadOnlyList<HoconValue> Parts) : HoconValue(Origin);

public sealed record HoconObject(HoconOrigin Origin) : HoconValue(Origin)
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Every value that a key was given, in order: a later one may stand on those before. Once resolved, one each.</summary>
    internal OrderedDictionary<string, List<HoconValue>> Fields { get; } = new(StringComparer.Ordinal);

    public IEnumerable<KeyValuePair<string, HoconValue>> Members => Fields.Select(item => KeyValuePair.Create(item.Key, item.Value[^1]));

    /// <summary>What is at a path of keys, or null.</summary>
    public HoconValue? Find(params ReadOnlySpan<string> path) => path.Length == 0 ? this
        : Fields.GetValueOrDefault(path[0])?[^1] is not { } value ? null
        : path.Length == 1 ? value
        : (value as HoconObject)?.Find(path[1..]);

    /// <summary>The value is at this path from now on, over what was there.</summary>
    public void Add(ReadOnlySpan<string> path, HoconValue value)
    {
        if (!Fields.TryGetValue(path[0], out var values))
        {
            Fields.Add(path[0], values = []);
        }
        var last = values.LastOrDefault() as HoconObject;
        if (path.Length > 1)
        {
            if (last is null)
            {
                values.Add(last = new(value.Origin));
            }
            last.Add(path[1..], value);
        }
        else if (last is not null && value is HoconObject section)
        {
            last.AddAll(section);
        }
        else
        {
            values.Add(value);
        }
    }

    public void AddAll(HoconObject section)
    {
        foreach (var (key, values) in section.Fields)
        {
            values.ForEach(value => Add([key], value));
        }
    }

    /// <summary>The resolved section as JSON, which is HOCON too.</summary>
    public string ToJson() => Node(this)!.ToJsonString(s_json);

    private static JsonNode? Node(HoconValue value) => value switch
    {
        HoconObject section => new JsonObject(section.Members.Select(member => KeyValuePair.Create(member.Key, Node(member.Value)))),
        HoconList list => new JsonArray([.. list.Items.Select(Node)]),
        _ => ((HoconText)value).Text,
    };
}
