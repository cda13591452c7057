using System.Security.Cryptography;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Training.Data;

/// <summary>A line that is not blank.</summary>
/// <param name="Number">From 1.</param>
/// <param name="End">Where the next line begins, in bytes.</param>
internal readonly record struct JsonLine(int Number, ReadOnlyMemory<byte> Bytes, long End);

/// <summary>The lines of a JSON-lines file as bytes, one at a time.</summary>
internal static class JsonLines
{
    private const int MostBytes = 1 << 28;

    /// <summary>Bytes of the file.</summary>
    /// <exception cref="UserInputException">The file is missing or cannot be read.</exception>
    public static long LengthOf(string path)
    {
        using var stream = Open(path);
        return stream.Length;
    }

    /// <exception cref="UserInputException">As above.</exception>
    public static Digest DigestOf(string path)
    {
        using var stream = Open(path);
        return new(Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <exception cref="UserInputException">The file is missing or cannot be read, or a line is too long to be one row.</exception>
    public static IEnumerable<JsonLine> Read(string path)
    {
        using var stream = Open(path);
        var buffer = new byte[1 << 16];
        var (number, filled, position) = (0, 0, 0L);
        while (true)
        {
            var read = stream.Read(buffer, filled, buffer.Length - filled);
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
                buffer = Grow(buffer, path, number + 1);
            }
        }
    }

    private static int? LengthOfLine(ReadOnlySpan<byte> bytes, bool atEnd) =>
        bytes.IndexOf((byte)'\n') is >= 0 and var end ? end : atEnd && bytes.Length > 0 ? bytes.Length : null;

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> line, bool isFirst) =>
        (isFirst && line.StartsWith(ByteOrderMark) ? line[ByteOrderMark.Length..] : line).Trim(" \t\r"u8);

    private static byte[] Grow(byte[] buffer, string path, int line)
    {
        if (buffer.Length >= MostBytes)
        {
            throw new UserInputException($"{path}, line {line}: longer than {MostBytes >> 20} MiB. Give JSON lines: one object to a line.");
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
