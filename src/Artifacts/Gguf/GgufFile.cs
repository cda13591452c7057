using System.IO.MemoryMappedFiles;

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>
/// A memory-mapped GGUF file. Opening it checks the whole header, so that what is read from it afterwards is inside the file.
/// Safe to read from several threads.
/// </summary>
public sealed unsafe class GgufFile : IDisposable
{
    // Values decoded at once: keeps every span under 2 GiB however large the tensor is.
    private const int DecodedAtOnce = 1 << 20;

    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private readonly GgufHeader _header;
    private bool _disposed;

    private GgufFile(string path, MemoryMappedFile map, long length)
    {
        Path = path;
        _map = map;
        _view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        try
        {
            _header = new GgufParser(_start, length, path).Parse();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Path { get; }

    /// <summary>2 or 3.</summary>
    public uint Version => _header.Version;

    public GgufMetadata Metadata => _header.Metadata;

    /// <summary>By name, in the file's order.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors => _header.Tensors;

    /// <exception cref="UserInputException">The file is missing, not readable, not a GGUF file, or damaged.</exception>
    public static GgufFile Open(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var length = stream.Length;
            if (length == 0) throw new UserInputException($"{path}: the file is empty. Copy or download it again.");
            return new GgufFile(path, MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read), length);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserInputException($"{path}: there is no such file. Check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"{path}: cannot be read: {e.Message} Check that it is a file you may read.", e);
        }
    }

    /// <summary>The tensor's bytes as they are stored; valid until the file is disposed.</summary>
    /// <exception cref="UserInputException">Over 2 GiB.</exception>
    public ReadOnlySpan<byte> Bytes(GgufTensor tensor)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return tensor.ByteLength <= int.MaxValue
            ? new(_start + tensor.Offset, (int)tensor.ByteLength)
            : throw new UserInputException($"{Path}: tensor '{tensor.Name}' has {tensor.ByteLength} bytes; at most 2 GiB are read at once.");
    }

    /// <summary>Decodes the tensor, row-major; <paramref name="destination"/> holds exactly <see cref="GgufTensor.Elements"/> values.</summary>
    public void ReadFloat32(GgufTensor tensor, Span<float> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, tensor.Elements);
        for (var done = 0; done < destination.Length;)
        {
            var count = Math.Min(DecodedAtOnce, destination.Length - done);
            var source = new ReadOnlySpan<byte>(_start + tensor.Offset + tensor.Type.ByteLength(done), (int)tensor.Type.ByteLength(count));
            TensorDecoder.Decode(tensor.Type, source, destination.Slice(done, count));
            done += count;
        }
    }

    /// <summary>Decodes the tensor into a new array.</summary>
    public float[] ReadFloat32(GgufTensor tensor)
    {
        var values = new float[tensor.Elements];
        ReadFloat32(tensor, values);
        return values;
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }
}
