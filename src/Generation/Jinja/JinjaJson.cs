using System.Globalization;
using System.Text.Json;

namespace IterativeDpo.Generation.Jinja;

/// <summary>JSON in and out of templates: <c>tojson</c> as transformers has it, which is Python's <c>json.dumps</c>.</summary>
internal static class JinjaJson
{
    /// <param name="indent">Null: all in one line.</param>
    public static JinjaText Write(
        JinjaRun run,
        object? value,
        string? indent,
        (string Item, string Key)? separators,
        bool isAscii,
        bool sortKeys)
    {
        var written = new JinjaWriter(run);
        var (item, key) = separators ?? (indent is null ? ", " : ",", ": ");
        Write(value, 0);
        return written.ToText();

        void Write(object? value, int depth)
        {
            run.Step();
            switch (value)
            {
                case JinjaText text:
                    WriteText(text, isAscii, written);
                    break;
                case JinjaList list:
                    WriteAll('[', ']', list.Items, depth, inner => Write(inner, depth + 1));
                    break;
                case JinjaDict dict:
                    var items = dict.Items.Select(entry => (Key: KeyOf(run, entry.Key), entry.Value)).ToList();
                    WriteAll(
                        '{',
                        '}',
                        sortKeys ? items.OrderBy(entry => entry.Key, StringComparer.Ordinal).ToList() : items,
                        depth,
                        entry =>
                    {
                        WriteText(new(entry.Key), isAscii, written);
                        written.Add(key);
                        Write(entry.Value, depth + 1);
                    });
                    break;
                case null or bool or long or double:
                    written.Add(KeyOf(run, value));
                    break;
                default:
                    JinjaOperators.RefuseUndefined(run, value);
                    throw run.Error($"Object of type {JinjaOperators.TypeOf(value)} is not JSON serializable");
            }
        }

        void WriteAll<T>(char open, char close, IReadOnlyList<T> items, int depth, Action<T> write)
        {
            written.Add($"{open}");
            foreach (var (i, inner) in items.Index())
            {
                written.Add(i > 0 ? item : "");
                NewLine(depth + 1);
                write(inner);
            }
            if (items.Count > 0)
            {
                NewLine(depth);
            }
            written.Add($"{close}");
        }

        void NewLine(int depth)
        {
            if (indent is not null)
            {
                written.Add("\n");
                for (var i = 0; i < depth; i++)
                {
                    written.Add(indent);
                }
            }
        }
    }

    /// <summary>A value of settings, as a template sees it.</summary>
    /// <exception cref="JsonException">A whole number is too large.</exception>
    public static object? Read(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.String:
                return new JinjaText(json.GetString()!);
            case JsonValueKind.Array:
                return new JinjaList([.. json.EnumerateArray().Select(Read)]);
            case JsonValueKind.Object:
                var dict = new JinjaDict();
                foreach (var member in json.EnumerateObject())
                {
                    dict.TrySet(new JinjaText(member.Name), Read(member.Value));
                }
                return dict;
            case JsonValueKind.Number:
                return json.TryGetInt64(out var whole) ? (object)whole
                    : json.GetRawText().AsSpan().ContainsAny('.', 'e', 'E') ? json.GetDouble()
                    : throw new JsonException($"{json.GetRawText()} is too large a number");
            default:
                return json.ValueKind == JsonValueKind.Null ? null : json.ValueKind == JsonValueKind.True;
        }
    }

    private static string KeyOf(JinjaRun run, object? key) => key switch
    {
        JinjaText text => text.Value,
        null => "null",
        bool isTrue => isTrue ? "true" : "false",
        double number => double.IsNaN(number) ? "NaN"
        : double.IsInfinity(number)
            ? number > 0 ? "Infinity"
                : "-Infinity"
        : JinjaFormat.ToText(number),
        long number => number.ToString(CultureInfo.InvariantCulture),
        _ => throw run.Error($"keys must be str, int, float, bool or None, not {JinjaOperators.TypeOf(key)}"),
    };

    private static void WriteText(JinjaText text, bool isAscii, JinjaWriter to)
    {
        to.Add("\"");
        var from = 0;
        for (var i = 0; i < text.Value.Length; i++)
        {
            var escaped = text.Value[i] switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                var c when c < ' ' || (isAscii && c > '~') => $"\\u{(int)c:x4}",
                _ => null,
            };
            if (escaped is not null)
            {
                to.Add(text.Part(from, i));
                to.Add(escaped, text.Sources?[i] ?? 0);
                from = i + 1;
            }
        }
        to.Add(text.Part(from, text.Value.Length));
        to.Add("\"");
    }
}
