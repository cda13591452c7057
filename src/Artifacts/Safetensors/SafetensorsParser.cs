using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;
using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Safetensors;

/// <summary>A file's header: metadata, then the tensors' places, checked against the file's length and each other.</summary>
internal sealed record SafetensorsHeader(
    IReadOnlyDictionary<string, string> Metadata, OrderedDictionary<string, SafetensorsTensor> Tensors);

/// <summary>Reads a safetensors header, as strictly as the reference implementation does.</summary>
internal sealed class SafetensorsParser(MappedFile file)
{
    public const string MetadataKey = "__metadata__";

    private const int LengthBytes = sizeof(ulong);

    // The reference implementation's limit.
    private const ulong MaxHeaderBytes = 100_000_000;

    private static readonly TensorType[] Types = [TensorType.F32, TensorType.F16, TensorType.BF16];

    private sealed record Entry(SafetensorsTensor Tensor, long Begin, long End);

    public SafetensorsHeader Parse()
    {
        var header = ReadHeader();
        try
        {
            using var document = JsonDocument.Parse(header, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Damaged("its header is no JSON object");
            return Read(document.RootElement, LengthBytes + header.Length);
        }
        // An escape such as \ud800 alone is valid JSON and no text.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Damaged($"its header is not valid JSON ({e.Message.TrimEnd('.')})", e);
        }
    }

    private byte[] ReadHeader()
    {
        if (file.Length < LengthBytes) throw NotOne($"it has {file.Length} bytes, where the header's length alone takes {LengthBytes}");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(file.Bytes(0, LengthBytes));
        if (length > MaxHeaderBytes) throw NotOne($"it begins with a header length of {length}, over the {MaxHeaderBytes} bytes allowed");
        if (length > (ulong)(file.Length - LengthBytes))
            throw Damaged($"its header ends at byte {LengthBytes + length}, but the file has {file.Length}: it was cut short");
        var header = file.Bytes(LengthBytes, (int)length).ToArray();
        return Utf8.IsValid(header) ? header : throw Damaged("its header is not valid UTF-8");
    }

    private SafetensorsHeader Read(JsonElement root, long data)
    {
        var metadata = new Dictionary<string, string>();
        var entries = new List<Entry>();
        foreach (var property in root.EnumerateObject())
        {
            if (property.NameEquals(MetadataKey)) ReadMetadata(property.Value, metadata);
            else entries.Add(ReadEntry(property.Name, property.Value, data));
        }
        CheckPlaces(entries, file.Length - data);
        return new(metadata, new(entries.Select(entry => KeyValuePair.Create(entry.Tensor.Name, entry.Tensor))));
    }

    private void ReadMetadata(JsonElement value, Dictionary<string, string> metadata)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Damaged($"'{MetadataKey}' is no JSON object");
        foreach (var property in value.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String)
                throw Damaged($"'{MetadataKey}' has a value that is no text, at '{property.Name}'");
            metadata.Add(property.Name, property.Value.GetString()!);
        }
    }

    private Entry ReadEntry(string name, JsonElement value, long data)
    {
        var type = ReadType(name, Field(name, value, "dtype", JsonValueKind.String).GetString()!);
        var shape = ReadShape(name, Field(name, value, "shape", JsonValueKind.Array));
        var offsets = Field(name, value, "data_offsets", JsonValueKind.Array);
        if (offsets.GetArrayLength() != 2
            || !TryGetInteger(offsets[0], out var begin)
            || !TryGetInteger(offsets[1], out var end)
            || begin > end)
            throw Damaged($"tensor '{name}' has the data_offsets {Shorten(offsets)}, not [begin, end]");
        var tensor = new SafetensorsTensor(name, shape, type, data + begin);
        if (end - begin != type.ByteLength(tensor.Elements))
            throw Damaged($"tensor '{name}' has {end - begin} bytes, where {type} of the shape [{string.Join(", ", shape)}] takes "
                + $"{type.ByteLength(tensor.Elements)}");
        return new(tensor, begin, end);
    }

    private TensorType ReadType(string name, string dtype)
    {
        foreach (var type in Types)
        {
            if (type.ToString() == dtype) return type;
        }
        throw new UserInputException($"{file.Path}: tensor '{name}' is stored as {dtype}, which this program does not read. "
            + $"Save it as one of {string.Join(", ", Types)}.");
    }

    private int[] ReadShape(string name, JsonElement value)
    {
        var shape = new int[value.GetArrayLength()];
        var elements = 1L;
        foreach (var (i, item) in value.EnumerateArray().Index())
        {
            // Zero is a size here: a tensor may be empty.
            if (!TryGetInteger(item, out var size) || size > int.MaxValue || (elements *= size) > int.MaxValue)
                throw Damaged($"tensor '{name}' has the shape {Shorten(value)}: not whole numbers from 0, or over 2^31 values");
            shape[i] = (int)size;
        }
        return shape;
    }

    /// <summary>The tensors lie one after the other and fill the file: none overlaps another, and no byte is hidden between them.</summary>
    private void CheckPlaces(List<Entry> entries, long length)
    {
        var expected = 0L;
        foreach (var (tensor, begin, end) in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (begin != expected) throw Damaged($"tensor '{tensor.Name}' starts {begin} bytes into the data, where {expected} is next");
            if (end > length)
                throw Damaged($"tensor '{tensor.Name}' ends {end} bytes into the data, but there are {length}: the file was cut short");
            expected = end;
        }
        if (expected != length) throw Damaged($"{length - expected} bytes follow the last tensor");
    }

    private JsonElement Field(string tensor, JsonElement value, string field, JsonValueKind kind) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(field, out var found) && found.ValueKind == kind
            ? found
            : throw Damaged($"tensor '{tensor}' has no valid '{field}'");

    private static bool TryGetInteger(JsonElement element, out long value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out value) && value >= 0;
    }

    private static string Shorten(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 40 ? text : text[..40] + "…";
    }

    private UserInputException NotOne(string problem) =>
        new($"{file.Path}: not a safetensors file: {problem}. Give one that a library saved in that format.");

    private UserInputException Damaged(string problem, Exception? cause = null) =>
        new($"{file.Path}: damaged safetensors file: {problem}. Copy or download it again, or save it anew.", cause!);
}
