using System.IO.MemoryMappedFiles;
using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts;

/// <summary>
/// A file mapped read-only. Who parses it checks that what is read lies inside; nothing here does. Safe to read from several threads.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    // Values decoded, or bytes copied, at once: keeps every span under 2 GiB however large the tensor is.
    private const int AtOnce = 1 << 20;

    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private bool _disposed;

    private MappedFile(string path, MemoryMappedFile map, long length)
    {
        Path = path;
        Length = length;
        _map = map;
        _view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    public string Path { get; }

    /// <summary>Bytes in the file, at least one.</summary>
    public long Length { get; }

    /// <summary>The first byte; valid until the file is disposed.</summary>
    public byte* Start
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _start;
        }
    }

    /// <summary>Opens a file and has it parsed; it is closed again if that fails.</summary>
    /// <exception cref="UserInputException">The file is missing, not readable, or empty.</exception>
    public static T Open<T>(string path, Func<MappedFile, T> parse)
    {
        var file = Open(path);
        try
        {
            return parse(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static MappedFile Open(string path)
    {
        using var stream = InputFile.Open(path, FileOptions.None);
        if (!stream.CanSeek)
            throw new UserInputException($"{path}: this is a pipe, and the file is read here and there. Write it to a file first.");
        var length = stream.Length;
        if (length == 0) throw new UserInputException($"{path}: the file is empty. Copy or download it again.");
        try
        {
            return new(path, MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read), length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"{path}: cannot be read: {e.Message} Check that it is a file you may read.", e);
        }
    }

    /// <summary>Bytes as they are stored; valid until the file is disposed.</summary>
    public ReadOnlySpan<byte> Bytes(long offset, int length) => new(Start + offset, length);

    /// <summary>Writes bytes as they are stored, a part at a time.</summary>
    public void CopyTo(long offset, long length, Stream stream)
    {
        for (var done = 0L; done < length; done += AtOnce) stream.Write(Bytes(offset + done, (int)Math.Min(AtOnce, length - done)));
    }

    /// <summary>Decodes a stored tensor's values; <paramref name="destination"/> is a whole number of blocks.</summary>
    public void ReadFloat32(TensorType type, long offset, Span<float> destination)
    {
        for (var done = 0; done < destination.Length;)
        {
            var count = Math.Min(AtOnce, destination.Length - done);
            var source = Bytes(offset + type.ByteLength(done), (int)type.ByteLength(count));
            TensorDecoder.Decode(type, source, destination.Slice(done, count));
            done += count;
        }
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
