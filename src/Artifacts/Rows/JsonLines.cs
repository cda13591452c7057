namespace IterativeDpo.Artifacts.Rows;

/// <summary>The lines of a file that are not blank, as bytes; a pipe will do.</summary>
/// <param name="lines">The file itself, or what it has compressed.</param>
internal sealed class JsonLines(string path, FileStream source, Stream lines) : RowFile(path, source, "line")
{
    private const int MostBytes = 1 << 28;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    public override long Position => Source.CanSeek ? Source.Position : 0;

    public override IEnumerable<FileRow> Read()
    {
        var buffer = new byte[1 << 16];
        var (number, filled) = (0, 0);
        while (true)
        {
            var read = Fill(buffer.AsSpan(filled), number + 1);
            filled += read;
            var start = 0;
            while (LengthOfLine(buffer.AsSpan(start, filled - start), atEnd: read == 0) is { } length)
            {
                number++;
                var line = WithoutMarks(buffer.AsSpan(start, length), isFirst: number == 1).ToArray();
                start = Math.Min(filled, start + length + 1);
                if (line.AsSpan().ContainsAnyExcept(" \t\r"u8))
                {
                    yield return new(number, line);
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

    public override void Dispose()
    {
        lines.Dispose();
        Source.Dispose();
    }

    private static int? LengthOfLine(ReadOnlySpan<byte> bytes, bool atEnd) =>
        bytes.IndexOf((byte)'\n') is >= 0 and var end ? end : atEnd && bytes.Length > 0 ? bytes.Length : null;

    private static ReadOnlySpan<byte> WithoutMarks(ReadOnlySpan<byte> line, bool isFirst) =>
        (isFirst && line.StartsWith(ByteOrderMark) ? line[ByteOrderMark.Length..] : line).TrimEnd((byte)'\r');

    private int Fill(Span<byte> buffer, int line)
    {
        try
        {
            return lines.Read(buffer);
        }
        // Of a file that is cut short this comes only under UseStrictValidation (Directory.Build.props): else its lines just end.
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ZstdSharp.ZstdException)
        {
            throw new UserInputException($"{PlaceOf(line)}: the compressed file is damaged or cut short here ({e.Message.TrimEnd('.')}). Copy it again.", e);
        }
    }

    private byte[] Grow(byte[] buffer, int line)
    {
        if (buffer.Length >= MostBytes)
        {
            throw new UserInputException($"{PlaceOf(line)}: longer than {MostBytes >> 20} MiB. Give JSON lines: one object to a line.");
        }
        Array.Resize(ref buffer, buffer.Length * 2);
        return buffer;
    }
}
