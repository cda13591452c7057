using IterativeDpo.Artifacts.Lines;

namespace IterativeDpo.Artifacts.Rows;

/// <summary>The lines of a file that are not blank, as bytes; a pipe will do.</summary>
/// <param name="lines">The file itself, or what it has compressed.</param>
internal sealed class JsonRows(string path, FileStream source, Stream lines) : RowFile(path, source, "line")
{
    public override long Position => Source.CanSeek ? Source.Position : 0;

    public override IEnumerable<FileRow> Read() => LineReader.Read(lines, FilePath)
        .Where(line => line.Bytes.Span.ContainsAnyExcept(" \t\r"u8))
        .Select(line => new FileRow(line.Number, line.Bytes));

    public override void Dispose()
    {
        lines.Dispose();
        Source.Dispose();
    }
}
