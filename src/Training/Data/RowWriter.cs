using System.Text.Json;
using IterativeDpo.Generation;

namespace IterativeDpo.Training.Data;

/// <summary>Rows as lines of JSON. Beside TRL's columns stand <c>prompt_id</c> and, where they say something, <c>chosen_probability</c> and <c>provenance</c>.</summary>
internal static class RowWriter
{
    private static readonly JsonWriterOptions _options = new() { Encoder = PairFile.Json.Encoder };

    public static byte[] Pair(PairRecord record) => [.. JsonSerializer.SerializeToUtf8Bytes(record, PairFile.Json), (byte)'\n'];

    public static byte[] Preference(string promptId, RowTexts texts, PairProvenance? provenance) => Line(writer =>
    {
        Write(writer, "prompt", texts.Prompt);
        Write(writer, "chosen", texts.First);
        Write(writer, "rejected", texts.Second!);
        writer.WriteString("prompt_id", promptId);
        if (texts.Label != 1)
        {
            writer.WriteNumber("chosen_probability", texts.Label);
        }
        Write(writer, provenance);
    });

    public static byte[] Unpaired(string promptId, Passage prompt, Passage completion, bool label, PairProvenance? provenance) => Line(writer =>
    {
        Write(writer, "prompt", prompt);
        Write(writer, "completion", completion);
        writer.WriteBoolean("label", label);
        writer.WriteString("prompt_id", promptId);
        Write(writer, provenance);
    });

    private static byte[] Line(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, _options))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, PairProvenance? provenance)
    {
        if (provenance is not null)
        {
            writer.WritePropertyName("provenance");
            JsonSerializer.Serialize(writer, provenance, PairFile.Json);
        }
    }

    private static void Write(Utf8JsonWriter writer, string name, Passage passage)
    {
        if (passage.Text is { } text)
        {
            writer.WriteString(name, text);
            return;
        }
        writer.WriteStartArray(name);
        foreach (var turn in passage.Turns!)
        {
            writer.WriteStartObject();
            writer.WriteString("role", turn.Role);
            writer.WriteString("content", turn.Content);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}
