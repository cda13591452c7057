using System.Text;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>
/// Writes a GGUF v3 file, aligned to 32 bytes: the same calls give the same bytes. Tensor values are asked for one tensor at a
/// time while the file is written, so no more than one needs to be in memory.
/// </summary>
public sealed class GgufWriter
{
    private const uint Version = 3;

    private readonly OrderedDictionary<string, GgufValue> _metadata = [];
    private readonly List<Entry> _tensors = [];
    private readonly HashSet<string> _names = [];

    private sealed record Entry(GgufTensor Tensor, Action<Stream> Write);

    /// <summary>Sets a metadata key, in place if it is there already. The value is as in <see cref="GgufValue.Of"/>.</summary>
    public GgufWriter Set(string key, object value)
    {
        if (key == "general.alignment") throw new ArgumentException("The alignment is the writer's own: 32 bytes.", nameof(key));
        _metadata[key] = value as GgufValue ?? GgufValue.Of(value);
        return this;
    }

    /// <param name="shape">Row-major, 1 to 4 dimensions.</param>
    /// <param name="type">F32, F16, BF16 or Q8_0 (rows of whole blocks of 32).</param>
    /// <param name="values">Gives the values, row-major, when they are written.</param>
    public GgufWriter Add(string name, int[] shape, TensorType type, Func<ReadOnlyMemory<float>> values)
    {
        if (!TensorEncoder.CanWrite(type))
            throw new ArgumentException($"{type} is read, not written: choose F32, F16, BF16 or Q8_0.", nameof(type));
        if (shape.Length is 0 or > 4 || shape.Any(size => size <= 0))
            throw new ArgumentException($"'{name}' has no valid shape.", nameof(shape));
        if (shape[^1] % type.BlockLength() != 0)
            throw new ArgumentException(
                $"'{name}' has rows of {shape[^1]}; {type} needs a multiple of {type.BlockLength()}.",
                nameof(shape));
        if (Encoding.UTF8.GetByteCount(name) > 63) throw new ArgumentException($"'{name}' is over 63 bytes long.", nameof(name));
        var elements = shape.Aggregate(1L, (product, size) => checked(product * size));
        return Add(name, shape, type, stream =>
        {
            var given = values();
            if (given.Length != elements) throw new InvalidOperationException($"'{name}' needs {elements} values and got {given.Length}.");
            TensorEncoder.Write(stream, type, given.Span);
        });
    }

    public GgufWriter Add(string name, int[] shape, TensorType type, ReadOnlyMemory<float> values) => Add(name, shape, type, () => values);

    /// <summary>Adds a tensor of another file, its bytes as they are stored there, of any type.</summary>
    public GgufWriter Copy(GgufFile source, GgufTensor tensor) =>
        Add(tensor.Name, tensor.Shape, tensor.Type, stream => source.CopyTo(tensor, stream));

    /// <summary>Writes the file whole or not at all.</summary>
    /// <exception cref="StorageException">No space, no permission, no such directory.</exception>
    public void Write(string path) => AtomicFile.Write(path, Write);

    /// <summary>Writes to a stream, front to back.</summary>
    public void Write(Stream stream)
    {
        var header = Header();
        stream.Write(header);
        foreach (var entry in _tensors)
        {
            entry.Write(stream);
            stream.Write(new byte[Align(entry.Tensor.ByteLength) - entry.Tensor.ByteLength]);
        }
    }

    /// <param name="write">Writes the tensor's bytes as they are stored, all of them.</param>
    internal GgufWriter Add(string name, int[] shape, TensorType type, Action<Stream> write)
    {
        if (!_names.Add(name)) throw new ArgumentException($"'{name}' is there already.", nameof(name));
        var last = _tensors.Count == 0 ? null : _tensors[^1].Tensor;
        var offset = last is null ? 0 : Align(last.Offset + last.ByteLength);
        var elements = shape.Aggregate(1L, (product, size) => checked(product * size));
        _tensors.Add(new(new(name, [.. shape], type, offset, type.ByteLength(elements)), write));
        return this;
    }

    private byte[] Header()
    {
        using var memory = new MemoryStream();
        using var writer = new BinaryWriter(memory, Encoding.UTF8);
        writer.Write(GgufParser.Magic);
        writer.Write(Version);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_metadata.Count);
        foreach (var (key, value) in _metadata)
        {
            WriteString(writer, key);
            WriteValue(writer, value);
        }
        foreach (var (tensor, _) in _tensors) WriteTensor(writer, tensor);
        writer.Write(new byte[Align(memory.Position) - memory.Position]);
        return memory.ToArray();
    }

    private static void WriteTensor(BinaryWriter writer, GgufTensor tensor)
    {
        WriteString(writer, tensor.Name);
        writer.Write(tensor.Shape.Length);
        foreach (var size in tensor.Shape.Reverse()) writer.Write((ulong)size);
        writer.Write((uint)tensor.Type);
        writer.Write((ulong)tensor.Offset);
    }

    private static void WriteValue(BinaryWriter writer, GgufValue value)
    {
        writer.Write((uint)value.Type);
        if (value.Value is not Array array)
        {
            WriteScalar(writer, value.Value);
            return;
        }
        writer.Write((uint)value.ElementType!.Value);
        writer.Write((ulong)array.Length);
        foreach (var element in array) WriteScalar(writer, element);
    }

    private static void WriteScalar(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case byte v: writer.Write(v); break;
            case sbyte v: writer.Write(v); break;
            case ushort v: writer.Write(v); break;
            case short v: writer.Write(v); break;
            case uint v: writer.Write(v); break;
            case int v: writer.Write(v); break;
            case float v: writer.Write(v); break;
            case bool v: writer.Write(v); break;
            case string v: WriteString(writer, v); break;
            case ulong v: writer.Write(v); break;
            case long v: writer.Write(v); break;
            case double v: writer.Write(v); break;
            default: throw new ArgumentException($"GGUF metadata cannot hold a {value.GetType()}.", nameof(value));
        }
    }

    private static void WriteString(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static long Align(long position) => GgufParser.Align(position, GgufParser.DefaultAlignment);
}
