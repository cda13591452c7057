using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IterativeDpo.Generation;

/// <summary>A value of JSON that this program hands on as it is. Equal by its text, which has no blanks between its parts.</summary>
[JsonConverter(typeof(JsonTextConverter))]
public sealed record JsonText
{
    private JsonText(string text) => Text = text;

    public string Text { get; }

    public static JsonText Of(JsonElement value) => Written(value.WriteTo);

    /// <summary>What is written, as one value.</summary>
    internal static JsonText Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            write(writer);
        }
        return new(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}

internal sealed class JsonTextConverter : JsonConverter<JsonText>
{
    public override JsonText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return JsonText.Of(document.RootElement);
    }

    public override void Write(Utf8JsonWriter writer, JsonText value, JsonSerializerOptions options) => writer.WriteRawValue(value.Text);
}
