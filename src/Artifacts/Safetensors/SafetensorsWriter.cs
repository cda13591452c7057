using System.Buffers.Binary;
using System.Text.Json;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Safetensors;

/// <summary>
/// Writes a safetensors file: the same calls give the same bytes. Values are asked for one tensor at a time while the file is written, or
/// a part of one, so no more than that needs to be in memory.
/// </summary>
/// <param name="type">F32, F16 or BF16, of every tensor: one type keeps each aligned to its values.</param>
public sealed class SafetensorsWriter(TensorType type)
{
    // The header ends at a multiple of it, so that mapped values are aligned.
    private const int Alignment = 8;

    private readonly OrderedDictionary<string, string> _metadata = [];
    private readonly OrderedDictionary<string, Entry> _tensors = [];

    private sealed record Entry(int[] Shape, Func<IEnumerable<ReadOnlyMemory<float>>> Parts)
    {
        public long Elements { get; } = Shape.Aggregate(1L, (product, size) => checked(product * size));
    }

    /// <summary>Sets a text of the header's <c>__metadata__</c>.</summary>
    public SafetensorsWriter Set(string key, string text)
    {
        _metadata[key] = text;
        return this;
    }

    /// <param name="shape">Row-major.</param>
    /// <param name="values">Gives the values, row-major, when they are written.</param>
    public SafetensorsWriter Add(string name, int[] shape, Func<ReadOnlyMemory<float>> values) => Add(name, shape, () => [values()]);

    /// <inheritdoc cref="Add(string, int[], Func{ReadOnlyMemory{float}})" path="/param[@name='shape']"/>
    /// <param name="parts">Gives the values, row-major, a part after the other, as they are written.</param>
    public SafetensorsWriter Add(string name, int[] shape, Func<IEnumerable<ReadOnlyMemory<float>>> parts)
    {
        if (name == SafetensorsParser.MetadataKey || !_tensors.TryAdd(name, new(shape, parts)))
            throw new ArgumentException($"'{name}' is there already, or reserved.", nameof(name));
        return this;
    }

    /// <summary>Writes the file whole or not at all.</summary>
    /// <exception cref="StorageException">No space, no permission.</exception>
    public void Write(string path) => AtomicFile.Write(path, stream =>
    {
        stream.Write(Header());
        foreach (var (name, entry) in _tensors)
        {
            var written = 0L;
            foreach (var values in entry.Parts())
            {
                TensorEncoder.Write(stream, type, values.Span);
                written += values.Length;
            }
            if (written != entry.Elements)
                throw new InvalidOperationException($"'{name}' needs {entry.Elements} values and got {written}.");
        }
    });

    private byte[] Header()
    {
        using var memory = new MemoryStream();
        memory.Write(new byte[sizeof(ulong)]);
        using (var json = new Utf8JsonWriter(memory)) WriteHeader(json);
        while (memory.Length % Alignment != 0) memory.WriteByte((byte)' ');
        var bytes = memory.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - sizeof(ulong));
        return bytes;
    }

    private void WriteHeader(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        if (_metadata.Count > 0)
        {
            json.WritePropertyName(SafetensorsParser.MetadataKey);
            JsonSerializer.Serialize(json, _metadata);
        }
        var offset = 0L;
        foreach (var (name, entry) in _tensors)
        {
            var end = offset + type.ByteLength(entry.Elements);
            json.WritePropertyName(name);
            JsonSerializer.Serialize(json, new { dtype = type.ToString(), shape = entry.Shape, data_offsets = new[] { offset, end } });
            offset = end;
        }
        json.WriteEndObject();
    }
}
