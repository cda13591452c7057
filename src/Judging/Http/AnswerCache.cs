using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Judging.Http;

/// <summary>
/// Every answer that a service gave, by the SHA-256 of its request, in a file of JSON lines that only grows: what it holds is never paid
/// for again, and its sum is what was spent. An answer is on the disk before it counts. Not thread-safe.
/// </summary>
internal sealed class AnswerCache : IDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;
    private readonly Dictionary<string, ChatAnswer> _answers = [];

    /// <summary>Opens the file, or makes it; cuts off a last line that a crash left unfinished.</summary>
    /// <exception cref="ArtifactStoreException">The file cannot be used.</exception>
    /// <exception cref="UserInputException">A line is damaged; names it.</exception>
    public AnswerCache(string path)
    {
        _path = path;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            _stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(path, "cannot be opened", e);
        }
        try
        {
            Read();
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    private sealed record Entry(string Request, ChatAnswer Answer);

    /// <summary>Answers that were paid for.</summary>
    public int Calls => _answers.Count;

    /// <summary>Tokens that were paid for, read and written.</summary>
    public long Tokens { get; private set; }

    public ChatAnswer? Find(string request) => _answers.GetValueOrDefault(request);

    /// <exception cref="ArtifactStoreException">The answer cannot be written; the file is as it was.</exception>
    public void Add(string request, ChatAnswer answer)
    {
        var end = _stream.Position;
        try
        {
            _stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new Entry(request, answer), ChatAnswer.Json) + "\n"));
            _stream.Flush(flushToDisk: true);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            _stream.SetLength(end);
            throw IoFailure.Explain(_path, "cannot be written", e);
        }
        Count(request, answer);
    }

    public void Dispose() => _stream.Dispose();

    private void Read()
    {
        _stream.SetLength(EndOfLastLine());
        _stream.Position = 0;
        using var reader = new StreamReader(_stream, leaveOpen: true);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            var entry = Parse(line) ?? throw new UserInputException(
                $"{_path}, line {number}: not a stored answer; the file is damaged. Remove the line: its question is then asked, and paid for, again.");
            Count(entry.Request, entry.Answer);
        }
    }

    private long EndOfLastLine()
    {
        var chunk = new byte[4096];
        for (var start = _stream.Length; start > 0;)
        {
            var size = (int)Math.Min(chunk.Length, start);
            start -= size;
            _stream.Position = start;
            _stream.ReadExactly(chunk, 0, size);
            if (chunk.AsSpan(0, size).LastIndexOf((byte)'\n') is >= 0 and var last)
            {
                return start + last + 1;
            }
        }
        return 0;
    }

    private void Count(string request, ChatAnswer answer)
    {
        _answers[request] = answer;
        Tokens += (answer.InputTokens ?? 0) + (answer.OutputTokens ?? 0);
    }

    private static Entry? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<Entry>(line, ChatAnswer.Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
