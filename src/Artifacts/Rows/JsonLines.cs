using IterativeDpo.Artifacts;

namespace IterativeDpo.Training.Data;

/// <summary>A line that is not blank.</summary>
/// <param name="Number">From 1.</param>
/// <param name="End">Where the next line begins, in bytes.</param>
internal readonly record struct JsonLine(int Number, ReadOnlyMemory<byte> Bytes, long End);

/// <summary>The lines of a JSON-lines file as bytes, one at a time; a pipe will do, and is read once.</summary>
internal sealed class JsonLines : IDisposable
{
    private const int MostBytes = 1 << 28;

    private readonly string _path;
    private readonly FileStream _stream;

    /// <exception cref="UserInputException">The file is missing or cannot be read.</exception>
    public JsonLines(string path) => (_path, _stream) = (path, Open(path));

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Bytes of the file; 0 where nobody knows, as of a pipe.</summary>
    public long Length => _stream.CanSeek ? _stream.Length : 0;

    /// <exception cref="UserInputException">The file is missing or cannot be read, or is a pipe, which could not be read again.</exception>
    public static Digest DigestOf(string path)
    {
        using var stream = Open(path);
        return Digest.OfFile(stream);
    }

    /// <exception cref="UserInputException">A line is too long to be one row.</exception>
    public IEnumerable<JsonLine> Read()
    {
        var buffer = new byte[1 << 16];
        var (number, filled, position) = (0, 0, 0L);
        while (true)
        {
            var read = _stream.Read(buffer, filled, buffer.Length - filled);
            filled += read;
            var start = 0;
            while (LengthOfLine(buffer.AsSpan(start, filled - start), atEnd: read == 0) is { } length)
            {
                number++;
                var line = Trim(buffer.AsSpan(start, length), isFirst: number == 1).ToArray();
                start = Math.Min(filled, start + length + 1);
                position += length + 1;
                if (line.Length > 0)
                {
                    yield return new(number, line, position);
                }
            }
            if (read == 0)
            {
                yield break;
            }
            filled -= start;
            Array.Copy(buffer, start, buffer, 0, filled);
            if (filled == buffer.Length)
            {
                buffer = Grow(buffer, number + 1);
            }
        }
    }

    public void Dispose() => _stream.Dispose();

    private static int? LengthOfLine(ReadOnlySpan<byte> bytes, bool atEnd) =>
        bytes.IndexOf((byte)'\n') is >= 0 and var end ? end : atEnd && bytes.Length > 0 ? bytes.Length : null;

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> line, bool isFirst) =>
        (isFirst && line.StartsWith(ByteOrderMark) ? line[ByteOrderMark.Length..] : line).Trim(" \t\r"u8);

    private byte[] Grow(byte[] buffer, int line)
    {
        if (buffer.Length >= MostBytes)
        {
            throw new UserInputException($"{_path}, line {line}: longer than {MostBytes >> 20} MiB. Give JSON lines: one object to a line.");
        }
        Array.Resize(ref buffer, buffer.Length * 2);
        return buffer;
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserInputException($"{path}: there is no such data file. Check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"{path}: the data file cannot be read: {e.Message}", e);
        }
    }
}
