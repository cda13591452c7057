using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// A file that grows record by record and is read from its beginning: each record with its length before it (int32, little-endian), and
/// behind it the SHA-256 of the key and all records up to it. So a record that was cut short, damaged, moved or written by another run is
/// seen, and with those after it is all that is lost.
/// </summary>
internal sealed class RecordLog : IDisposable
{
    private readonly string _path;
    private readonly FileStream _file;
    private byte[] _chain;

    /// <param name="key">Names everything that the records depend on.</param>
    /// <exception cref="StorageException">The file cannot be opened or made.</exception>
    public RecordLog(string path, string key)
    {
        (_path, _chain) = (path, SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            // Unbuffered: what is appended outlives this process at once.
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(path, "cannot be written", e);
        }
    }

    /// <summary>Records read and appended.</summary>
    public int Count { get; private set; }

    /// <summary>The next record; null behind the last whole one.</summary>
    public byte[]? Next()
    {
        var start = _file.Position;
        var head = new byte[sizeof(int)];
        if (_file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length
            && BinaryPrimitives.ReadInt32LittleEndian(head) is >= 0 and var length
            && length + SHA256.HashSizeInBytes <= _file.Length - _file.Position)
        {
            var record = new byte[length];
            var stored = new byte[SHA256.HashSizeInBytes];
            _file.ReadExactly(record);
            _file.ReadExactly(stored);
            if (Chain(record) is var chain && chain.AsSpan().SequenceEqual(stored))
            {
                _chain = chain;
                Count++;
                return record;
            }
        }
        _file.Position = start;
        return null;
    }

    /// <summary>Puts a record behind those that were read, in the place of what is there.</summary>
    /// <exception cref="StorageException">No space, no permission.</exception>
    public void Append(ReadOnlySpan<byte> record)
    {
        _chain = Chain(record);
        var bytes = new byte[sizeof(int) + record.Length + _chain.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, record.Length);
        record.CopyTo(bytes.AsSpan(sizeof(int)));
        _chain.CopyTo(bytes, sizeof(int) + record.Length);
        Write(() =>
        {
            if (_file.Position < _file.Length)
            {
                _file.SetLength(_file.Position);
            }
            _file.Write(bytes);
        });
        Count++;
    }

    /// <summary>Sees to it that the records survive a power failure.</summary>
    /// <exception cref="StorageException">As above.</exception>
    public void Flush() => Write(() => _file.Flush(flushToDisk: true));

    public void Dispose() => _file.Dispose();

    private byte[] Chain(ReadOnlySpan<byte> record)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_chain);
        hash.AppendData(record);
        return hash.GetHashAndReset();
    }

    private void Write(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(_path, "cannot be written", e);
        }
    }
}
