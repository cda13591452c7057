using System.Text.Encodings.Web;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Judging.Http;

/// <summary>
/// Every call to a service and every answer, by the SHA-256 of the request, in a file of JSON lines that only grows: an answer that it holds
/// is never paid for again, and its sum is what was spent. A call is on the disk before it goes
/// out, and counts as paid for until the service refuses it: whether one that a crash cut off was answered, nobody knows. Not thread-safe.
/// </summary>
internal sealed class AnswerCache : IDisposable
{
    private static readonly JsonLines<Entry> Lines = new(
        "not a stored call", "The file is damaged. Remove the line: if it was an answer, its question is then asked, and paid for, again.")
    {
        Json = new(JsonLines.Options) { Encoder = JavaScriptEncoder.Default },
    };

    private readonly string _path;
    private readonly FileStream _stream;
    private readonly Dictionary<string, ChatAnswer> _answers = [];

    // Calls without an outcome, those that are out among them; a request may have several.
    private readonly List<string> _unanswered = [];

    // Of requests without an answer, since the file was opened: who starts the program again wants them asked again.
    private readonly Dictionary<string, (int Count, string? LastFailure)> _tries = [];

    /// <summary>Opens the file, or makes it; cuts off a last line that a crash left unfinished.</summary>
    /// <exception cref="StorageException">The file cannot be used.</exception>
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
            foreach (var (entry, _) in Lines.ReadLog(_stream, path))
            {
                Count(entry);
            }
            _tries.Clear();
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    private int _paid;

    /// <summary>A call, or with an answer or a failure its outcome.</summary>
    /// <param name="Failure">Why there is no answer, or why the one that came is none.</param>
    /// <param name="Forget">No call: answers and tries before this line do not count any more, what they cost does.</param>
    /// <param name="Refused">The call cost nothing. Without a failure it was no try either: the user has something to put right.</param>
    private sealed record Entry(
        string Request,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] ChatAnswer? Answer = null,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] string? Failure = null,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Refused = false,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Forget = false);

    /// <summary>Calls that were paid for, or may have been.</summary>
    public int Calls => _paid + _unanswered.Count;

    /// <summary>Requests that went out and have no answer.</summary>
    public int Unanswered => _unanswered.Distinct().Count(request => !_answers.ContainsKey(request));

    /// <summary>Tokens of the answers, read and written.</summary>
    public long Tokens { get; private set; }

    public ChatAnswer? Find(string request) => _answers.GetValueOrDefault(request);

    /// <summary>How often a request without an answer was tried since the file was opened, and how that failed the last time; null where that is not known.</summary>
    public (int Count, string? LastFailure) TriesOf(string request) => _tries.GetValueOrDefault(request);

    /// <summary>The request is about to go out.</summary>
    /// <exception cref="StorageException">It cannot be written; the file is as it was.</exception>
    public void AddCall(string request) => Add(new Entry(request));

    /// <inheritdoc cref="AddCall"/>
    public void AddAnswer(string request, ChatAnswer answer) => Add(new Entry(request, answer));

    /// <summary>The call cost nothing.</summary>
    /// <param name="failure">Null where it is the user's to put right: then it does not count as a try.</param>
    /// <inheritdoc cref="AddCall"/>
    public void AddRefusal(string request, string? failure) => Add(new Entry(request, Failure: failure, Refused: true));

    /// <summary>No answer came; the call may be paid for.</summary>
    /// <inheritdoc cref="AddCall"/>
    public void AddLoss(string request, string failure) => Add(new Entry(request, Failure: failure));

    /// <summary>The call was paid for, and what came is no answer: it is kept and counted, and never given for one.</summary>
    /// <inheritdoc cref="AddCall"/>
    public void AddUseless(string request, ChatAnswer answer, string failure) => Add(new Entry(request, answer, failure));

    /// <summary>From here on every question is asked again, with all its tries; what was spent stays spent.</summary>
    /// <returns>Answers that were there.</returns>
    /// <inheritdoc cref="AddCall"/>
    public int Forget()
    {
        var count = _answers.Count;
        Add(new Entry("", Forget: true));
        return count;
    }

    public void Dispose() => _stream.Dispose();

    private void Add(Entry entry)
    {
        Lines.Append(_stream, _path, entry, flushToDisk: true);
        Count(entry);
    }

    private void Count(Entry entry)
    {
        var request = entry.Request;
        var (tries, lastFailure) = TriesOf(request);
        switch (entry)
        {
            case { Forget: true }:
                _answers.Clear();
                _tries.Clear();
                break;
            case { Answer: { } answer, Failure: null }:
                _unanswered.Remove(request);
                _tries.Remove(request);
                _answers[request] = answer;
                Pay(answer);
                break;
            case { Answer: { } answer, Failure: { } failure }:
                _unanswered.Remove(request);
                _tries[request] = (tries, failure);
                Pay(answer);
                break;
            case { Refused: true }:
                _unanswered.Remove(request);
                _tries[request] = entry.Failure is { } reason ? (tries, reason) : (tries - 1, lastFailure);
                break;
            case { Failure: { } failure }:
                _tries[request] = (tries, failure);
                break;
            default:
                _unanswered.Add(request);
                _tries[request] = (tries + 1, lastFailure);
                break;
        }
    }

    private void Pay(ChatAnswer answer)
    {
        _paid++;
        Tokens += (answer.InputTokens ?? 0) + (answer.OutputTokens ?? 0);
    }
}
