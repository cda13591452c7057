using System.Text;

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>A file's header: metadata, then the tensors' places, checked against the file's length and each other.</summary>
internal sealed record GgufHeader(uint Version, GgufMetadata Metadata, OrderedDictionary<string, GgufTensor> Tensors);

/// <summary>Reads a GGUF v2 or v3 header, as strictly as llama.cpp does.</summary>
internal unsafe ref struct GgufParser(byte* start, long length, string path)
{
    public const uint Magic = 0x46554747; // "GGUF"
    public const uint DefaultAlignment = 32;

    // ggml's limits: dimensions of a tensor, and bytes of its name with the closing zero.
    private const int MaxDimensions = 4;
    private const int MaxNameBytes = 64;

    private GgufCursor _cursor = new(start, length, path);

    public GgufHeader Parse()
    {
        if (length < 4 || _cursor.Read<uint>("the magic number") != Magic)
            throw new UserInputException(
                $"{path}: not a GGUF file (it does not start with 'GGUF'). Give a model or adapter in GGUF format.");
        var version = ReadVersion();
        var tensorCount = _cursor.Read<ulong>("the tensor count");
        var keyCount = _cursor.Read<ulong>("the metadata count");
        var metadata = new GgufMetadata(path, ReadMetadata(keyCount));
        var tensors = ReadTensors(tensorCount);
        return new(version, metadata, Place(tensors, metadata.GetUInt32("general.alignment", DefaultAlignment)));
    }

    private uint ReadVersion()
    {
        var version = _cursor.Read<uint>("the version");
        if (version is 2 or 3) return version;
        var problem = (version & 0xFFFF) == 0 ? "it is big-endian" : $"its version is {version}";
        throw new UserInputException($"{path}: this GGUF file cannot be read: {problem}. Convert it to a little-endian GGUF of version 3.");
    }

    private OrderedDictionary<string, GgufValue> ReadMetadata(ulong count)
    {
        // 13 bytes: the smallest entry (empty key, type, one byte).
        if (count > _cursor.Remaining / 13) throw _cursor.Damaged($"{count} metadata entries cannot fit");
        var values = new OrderedDictionary<string, GgufValue>();
        for (ulong i = 0; i < count; i++)
        {
            var key = _cursor.ReadName($"the key of metadata entry {i}");
            var what = $"metadata key '{key}'";
            var value = _cursor.ReadValue((GgufValueType)_cursor.Read<uint>(what), what);
            if (!values.TryAdd(key, value)) throw _cursor.Damaged($"{what} occurs twice");
        }
        return values;
    }

    private List<GgufTensor> ReadTensors(ulong count)
    {
        // 32 bytes: the smallest entry (empty name, one dimension).
        if (count > _cursor.Remaining / 32) throw _cursor.Damaged($"{count} tensors cannot fit");
        var tensors = new List<GgufTensor>();
        for (ulong i = 0; i < count; i++) tensors.Add(ReadTensor(i));
        return tensors;
    }

    private GgufTensor ReadTensor(ulong index)
    {
        var name = _cursor.ReadName($"the name of tensor {index}");
        var what = $"tensor '{name}'";
        if (Encoding.UTF8.GetByteCount(name) >= MaxNameBytes) throw _cursor.Damaged($"{what} has a name over {MaxNameBytes - 1} bytes");
        var shape = ReadShape(what);
        var type = (TensorType)_cursor.Read<uint>(what);
        if (!Enum.IsDefined(type))
            throw new UserInputException($"{path}: {what} is stored as {GgmlTypeNames.Of((uint)type)}, which this program does not read. "
                + $"Convert the model to one of {string.Join(", ", Enum.GetNames<TensorType>())}.");
        if (shape[^1] % type.BlockLength() != 0)
            throw _cursor.Damaged($"{what} has rows of {shape[^1]}, not a multiple of {type}'s {type.BlockLength()}");
        var offset = _cursor.Read<ulong>(what);
        if (offset > (ulong)length) throw _cursor.Damaged($"{what} starts {offset} bytes into the data, past the end of the file");
        var elements = shape.Aggregate(1L, (product, size) => product * size);
        return new(name, shape, type, (long)offset, type.ByteLength(elements));
    }

    private int[] ReadShape(string what)
    {
        var dimensions = _cursor.Read<uint>(what);
        if (dimensions is 0 or > MaxDimensions) throw _cursor.Damaged($"{what} has {dimensions} dimensions, not 1 to {MaxDimensions}");
        var shape = new int[dimensions];
        ulong elements = 1;
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            var size = _cursor.Read<ulong>(what);
            if (size == 0 || size > int.MaxValue / elements)
                throw _cursor.Damaged($"{what} has a dimension of {size} and so no values, or over 2^31");
            elements *= size;
            shape[i] = (int)size;
        }
        return shape;
    }

    /// <summary>Turns offsets into the data into offsets into the file. Tensors follow one another, padded to the alignment.</summary>
    private readonly OrderedDictionary<string, GgufTensor> Place(List<GgufTensor> tensors, uint alignment)
    {
        if (alignment == 0 || (alignment & (alignment - 1)) != 0)
            throw _cursor.Damaged($"metadata key 'general.alignment' is {alignment}, not a power of two");
        var data = Align(_cursor.Position, alignment);
        var expected = 0L;
        var placed = new OrderedDictionary<string, GgufTensor>();
        foreach (var tensor in tensors)
        {
            if (tensor.Offset != expected)
                throw _cursor.Damaged($"tensor '{tensor.Name}' starts {tensor.Offset} bytes into the data, where {expected} is next");
            var end = data + tensor.Offset + tensor.ByteLength;
            if (end > length)
                throw _cursor.Damaged($"tensor '{tensor.Name}' ends at byte {end}, but the file has {length}: it was cut short");
            if (!placed.TryAdd(tensor.Name, tensor with { Offset = data + tensor.Offset }))
                throw _cursor.Damaged($"tensor '{tensor.Name}' occurs twice");
            expected = Align(tensor.Offset + tensor.ByteLength, alignment);
        }
        return placed;
    }

    /// <summary>The next multiple of the alignment.</summary>
    internal static long Align(long position, uint alignment) => (position + alignment - 1) / alignment * alignment;
}
