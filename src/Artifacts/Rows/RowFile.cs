using System.IO.Compression;

namespace IterativeDpo.Artifacts.Rows;

/// <summary>A row of a file.</summary>
/// <param name="Number">From 1; of JSON lines the line's, blank ones counted.</param>
/// <param name="Json">A JSON object in UTF-8, or whatever a line has in its place.</param>
public readonly record struct FileRow(int Number, ReadOnlyMemory<byte> Json);

/// <summary>
/// A data file's rows as JSON, one at a time and once: JSON lines, also compressed by gzip or Zstandard, or Parquet. The file's first
/// bytes say which, so its digest says all that its rows depend on. A pipe is JSON lines.
/// </summary>
public abstract class RowFile : IDisposable
{
    private readonly string _unit;

    private protected RowFile(string path, FileStream source, string unit) => (FilePath, Source, _unit) = (path, source, unit);

    private protected string FilePath { get; }

    private protected FileStream Source { get; }

    /// <summary>Bytes of the file; 0 where nobody knows, as of a pipe.</summary>
    public long Length => Source.CanSeek ? Source.Length : 0;

    /// <summary>About how many of its bytes have been read; 0 of a pipe.</summary>
    public abstract long Position { get; }

    /// <param name="wanted">Sets of columns of which a Parquet file must have one; of JSON lines, each row says what it has.</param>
    /// <exception cref="UserInputException">The file is missing, cannot be read, is damaged or has other columns.</exception>
    public static RowFile Open(string path, params ReadOnlySpan<string[]> wanted)
    {
        var file = OpenFile(path);
        try
        {
            return Open(path, file, wanted);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <exception cref="UserInputException">The file is missing or cannot be read, or is a pipe, which could not be read again.</exception>
    public static Digest DigestOf(string path)
    {
        using var file = OpenFile(path);
        return Digest.OfFile(file);
    }

    /// <exception cref="UserInputException">The file is damaged or cut short, or a line is too long to be one row.</exception>
    public abstract IEnumerable<FileRow> Read();

    /// <summary>As in <c>line 3</c>.</summary>
    public string NameOf(int number) => $"{_unit} {number}";

    /// <summary>Where a row is, for errors: <c>file, line 3</c>.</summary>
    public string PlaceOf(int number) => $"{FilePath}, {NameOf(number)}";

    public abstract void Dispose();

    private static RowFile Open(string path, FileStream file, ReadOnlySpan<string[]> wanted)
    {
        Span<byte> head = stackalloc byte[4];
        if (file.CanSeek)
        {
            head = head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
            file.Position = 0;
        }
        return head switch
        {
            [0x1F, 0x8B, ..] => new JsonRows(path, file, new GZipStream(file, CompressionMode.Decompress)),
            [0x28, 0xB5, 0x2F, 0xFD] => new JsonRows(path, file, new ZstdSharp.DecompressionStream(file)),
            [(byte)'P', (byte)'A', (byte)'R', (byte)'1'] => new ParquetRows(path, file, wanted),
            [(byte)'P', (byte)'A', (byte)'R', (byte)'E'] => throw ParquetRows.Encrypted(path),
            [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [not 0, 0, ..] or [0, not 0, ..] => throw new UserInputException(
                $"{path}, line 1: byte {(head[0] == 0 || head[1] != 0 ? 1 : 2)} is of a text in UTF-16, and rows are in UTF-8. Convert it: iconv -f UTF-16 -t UTF-8."),
            _ when path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase) => throw new UserInputException(
                $"{path}: this is no Parquet file, which begins with PAR1. Copy it again, or give it the ending of what it is."),
            _ => new JsonRows(path, file, file),
        };
    }

    private static FileStream OpenFile(string path)
    {
        if (Directory.Exists(path))
        {
            throw new UserInputException(
                $"{path}: a directory where a data file belongs. Name its files, such as {Path.Combine(path, "train-*.parquet")}.");
        }
        return InputFile.Open(path);
    }
}
