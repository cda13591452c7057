namespace IterativeDpo.Artifacts.Gguf;

/// <summary>
/// A memory-mapped GGUF file. Opening it checks the whole header, so that what is read from it afterwards is inside the file.
/// Safe to read from several threads.
/// </summary>
public sealed unsafe class GgufFile : IDisposable
{
    private readonly MappedFile _file;
    private readonly GgufHeader _header;

    private GgufFile(MappedFile file)
    {
        _file = file;
        _header = new GgufParser(file.Start, file.Length, file.Path).Parse();
    }

    public string Path => _file.Path;

    /// <summary>2 or 3.</summary>
    public uint Version => _header.Version;

    public GgufMetadata Metadata => _header.Metadata;

    /// <summary>By name, in the file's order.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors => _header.Tensors;

    /// <exception cref="UserInputException">The file is missing, not readable, not a GGUF file, or damaged.</exception>
    public static GgufFile Open(string path) => MappedFile.Open(path, file => new GgufFile(file));

    /// <summary>The tensor's bytes as they are stored; valid until the file is disposed.</summary>
    /// <exception cref="UserInputException">Over 2 GiB.</exception>
    public ReadOnlySpan<byte> Bytes(GgufTensor tensor) => tensor.ByteLength <= int.MaxValue
        ? _file.Bytes(tensor.Offset, (int)tensor.ByteLength)
        : throw new UserInputException($"{Path}: tensor '{tensor.Name}' has {tensor.ByteLength} bytes; at most 2 GiB are read at once.");

    /// <summary>Decodes the tensor, row-major; <paramref name="destination"/> holds exactly <see cref="GgufTensor.Elements"/> values.</summary>
    public void ReadFloat32(GgufTensor tensor, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, tensor.Elements);
        _file.ReadFloat32(tensor.Type, tensor.Offset, destination);
    }

    /// <summary>Decodes the tensor into a new array.</summary>
    public float[] ReadFloat32(GgufTensor tensor)
    {
        var values = new float[tensor.Elements];
        ReadFloat32(tensor, values);
        return values;
    }

    /// <summary>Writes the tensor's bytes as they are stored.</summary>
    public void CopyTo(GgufTensor tensor, Stream stream) => _file.CopyTo(tensor.Offset, tensor.ByteLength, stream);

    public void Dispose() => _file.Dispose();
}
