namespace IterativeDpo.Artifacts.Lines;

/// <summary>A line of a stream.</summary>
/// <param name="Number">From 1; blank ones count.</param>
/// <param name="Start">Where its bytes begin in the stream.</param>
/// <param name="Bytes">Without the line's end, in either form, and of the first without a byte order mark.</param>
/// <param name="IsWhole">Whether it has its end.</param>
public readonly record struct Line(int Number, long Start, ReadOnlyMemory<byte> Bytes, bool IsWhole);

/// <summary>Splits a stream into lines; of a stream of any length it takes the memory of one.</summary>
internal static class LineReader
{
    private const int MostBytes = 1 << 28;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <param name="name">Names the stream in errors.</param>
    /// <exception cref="UserInputException">A line is too long to be one record, or a compressed stream is damaged; names the
    /// line.</exception>
    public static IEnumerable<Line> Read(Stream stream, string name, int mostBytes = MostBytes)
    {
        var buffer = new byte[1 << 16];
        var (number, filled, position, atEnd) = (0, 0, 0L, false);
        while (!atEnd)
        {
            var read = Fill(stream, buffer.AsSpan(filled), name, number + 1);
            (filled, atEnd) = (filled + read, read == 0);
            var start = 0;
            while (LengthOfLine(buffer.AsSpan(start, filled - start), atEnd) is { } length)
            {
                number++;
                RequireShort(length, mostBytes, name, number);
                var mark = number == 1 && buffer.AsSpan(0, length).StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
                var line = buffer.AsSpan(start + mark, length - mark).TrimEnd((byte)'\r').ToArray();
                yield return new(number, position + start + mark, line, IsWhole: start + length < filled);
                start = Math.Min(filled, start + length + 1);
            }
            filled -= start;
            position += start;
            RequireShort(filled, mostBytes, name, number + 1);
            Array.Copy(buffer, start, buffer, 0, filled);
            if (filled == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }
    }

    private static int? LengthOfLine(ReadOnlySpan<byte> bytes, bool atEnd) =>
        bytes.IndexOf((byte)'\n') is >= 0 and var end ? end : atEnd && bytes.Length > 0 ? bytes.Length : null;

    private static int Fill(Stream stream, Span<byte> buffer, string name, int line)
    {
        try
        {
            return stream.Read(buffer);
        }
        // Of a file that is cut short this comes only under UseStrictValidation (Directory.Build.props): else its lines just end.
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ZstdSharp.ZstdException)
        {
            throw new UserInputException(
                $"{name}, line {line}: the compressed file is damaged or cut short here ({e.Message.TrimEnd('.')}). Copy it again.",
                e);
        }
    }

    private static void RequireShort(int length, int mostBytes, string name, int line)
    {
        if (length > mostBytes)
        {
            throw new UserInputException($"{name}, line {line}: longer than {mostBytes >> 20} MiB. Give JSON lines: one object to a line.");
        }
    }
}
