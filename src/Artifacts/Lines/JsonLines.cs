using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Artifacts.Text;

namespace IterativeDpo.Artifacts.Lines;

/// <summary>Records as JSON, one to a line. Equal records are equal bytes.</summary>
public static class JsonLines
{
    /// <summary>
    /// The form of most files: snake case; a member without a default must be there, and is null only where its type says so.
    /// </summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        // The texts are for people to read; the file is never put into a web page as it is.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>A record's line, with its end.</summary>
    public static byte[] Line<T>(T record, JsonSerializerOptions? json = null) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(record, json ?? Options), (byte)'\n'];

    public static void Write<T>(Stream stream, IEnumerable<T> records, JsonSerializerOptions? json = null)
    {
        foreach (var record in records)
        {
            stream.Write(Line(record, json));
        }
    }
}

/// <summary>One kind of file of <see cref="JsonLines"/>. Reading streams; every error names the file and the line.</summary>
/// <param name="Fault">What is said of a line that is no such record, as in "not a pair".</param>
/// <param name="WayOut">What to do about it, as a sentence.</param>
public sealed record JsonLines<T>(string Fault, string WayOut) where T : class
{
    public JsonSerializerOptions Json { get; init; } = JsonLines.Options;

    /// <summary>Says, as a sentence, what is wrong with a record all the same; null where nothing is.</summary>
    public Func<T, string?>? Problem { get; init; }

    private Func<ReadOnlySpan<byte>, T?>? Earlier { get; init; }

    /// <summary>Reads lines of an earlier version too.</summary>
    public JsonLines<T> Or<TEarlier>(Func<TEarlier, T> upgrade) where TEarlier : class =>
        this with
        {
            Earlier = line =>
                new JsonLines<TEarlier>(Fault, WayOut) { Json = Json }.TryParse(line) is { } earlier ? upgrade(earlier) : null,
        };

    public void Write(Stream stream, IEnumerable<T> records) => JsonLines.Write(stream, records, Json);

    /// <exception cref="UserInputException">At once where the file is missing; else when a line is reached that is no record.</exception>
    public IEnumerable<T> Read(string path)
    {
        InputFile.Open(path).Dispose();
        return ReadFile(path);
    }

    /// <param name="name">Names the stream in errors.</param>
    /// <exception cref="UserInputException">A line is no record.</exception>
    public IEnumerable<T> Read(Stream stream, string name) => ReadLines(stream, name).Select(line => line.Record);

    /// <summary>The records with their lines, so that one can be found again.</summary>
    /// <inheritdoc cref="Read(Stream, string)"/>
    public IEnumerable<(T Record, Line Line)> ReadLines(Stream stream, string name) =>
        LineReader.Read(stream, name).Select(line => (Parse(line.Bytes.Span, PlaceOf(line, name)), line));

    /// <summary>
    /// Reads a file that <see cref="Append"/> writes, and cuts off a last line that a killed process left without its end.
    /// </summary>
    /// <param name="beginning">How every line begins: a last one that begins otherwise was not left by such a process, and stays.</param>
    /// <exception cref="UserInputException">A line is no record.</exception>
    public IEnumerable<(T Record, Line Line)> ReadLog(FileStream file, string name, string beginning = "")
    {
        var begins = Encoding.UTF8.GetBytes(beginning);
        file.Position = 0;
        foreach (var line in LineReader.Read(file, name))
        {
            if (!line.IsWhole && (line.Bytes.Span.StartsWith(begins) || begins.AsSpan().StartsWith(line.Bytes.Span)))
            {
                file.SetLength(line.Start);
                yield break;
            }
            yield return (Parse(line.Bytes.Span, PlaceOf(line, name)), line);
        }
    }

    /// <summary>Adds a record's line at the end of a file without a buffer.</summary>
    /// <param name="flushToDisk">Whether it is to outlast the machine too, and not only this process.</param>
    /// <exception cref="StorageException">It cannot be written; the file is as it was.</exception>
    public void Append(FileStream file, string name, T record, bool flushToDisk)
    {
        var end = file.Seek(0, SeekOrigin.End);
        try
        {
            file.Write(JsonLines.Line(record, Json));
            file.Flush(flushToDisk);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            file.SetLength(end);
            throw IoFailure.Explain(name, "cannot be written", e);
        }
    }

    /// <param name="where">The file and the line, for errors.</param>
    /// <exception cref="UserInputException">It is no record.</exception>
    public T Parse(ReadOnlySpan<byte> line, string where) => TryParse(line, out var problem) ?? throw new UserInputException(
        $"{where}: {Fault}: {(TextFault.OfLine(line) is { } fault ? $"{fault}." : problem!.Message)} {WayOut}", problem!);

    /// <returns>Null where the line is no record.</returns>
    public T? TryParse(ReadOnlySpan<byte> line) => TryParse(line, out _);

    private T? TryParse(ReadOnlySpan<byte> line, out JsonException? problem)
    {
        try
        {
            problem = null;
            var record = JsonSerializer.Deserialize<T>(line, Json) ?? throw new JsonException("It is null.");
            return Problem?.Invoke(record) is { } wrong ? throw new JsonException(wrong) : record;
        }
        catch (JsonException e)
        {
            problem = e;
            return Earlier?.Invoke(line);
        }
    }

    private IEnumerable<T> ReadFile(string path)
    {
        using var file = InputFile.Open(path);
        foreach (var record in Read(file, path))
        {
            yield return record;
        }
    }

    private static string PlaceOf(Line line, string name) => $"{name}, line {line.Number}";
}
