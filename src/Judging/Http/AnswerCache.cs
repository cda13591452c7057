namespace IterativeDpo.Judging.Http;

/// <summary>
/// What a service was asked and answered, by the SHA-256 of the request: what the entries of a ledger come to. An answer that is here is
/// never paid for again, and a call counts as paid for until the service refuses it: whether one that a crash cut off was answered, nobody
/// knows. Not thread-safe.
/// </summary>
internal sealed class AnswerCache
{
    private readonly Dictionary<string, ChatAnswer> _answers = [];

    // Calls without an outcome, those that are out among them; a request may have several.
    private readonly List<string> _unanswered = [];

    // Of requests without an answer.
    private readonly Dictionary<string, (int Count, string? LastFailure)> _tries = [];

    // Requests whose last call has brought nothing yet, neither answer nor failure.
    private readonly Dictionary<string, long> _out = [];

    private int _paid;

    /// <summary>Requests that have an answer.</summary>
    public int Answered => _answers.Count;

    /// <summary>Calls that were paid for, or may have been.</summary>
    public int Calls => _paid + _unanswered.Count;

    /// <summary>Requests that went out and have no answer.</summary>
    public int Unanswered => _unanswered.Distinct().Count(request => !_answers.ContainsKey(request));

    /// <summary>Tokens of the answers, read and written.</summary>
    public long Tokens { get; private set; }

    public ChatAnswer? Find(string request) => _answers.GetValueOrDefault(request);

    /// <summary>
    /// How often a request without an answer was tried, by whomever, since the ledger was opened here, and how that failed the last time;
    /// null where that is not known.
    /// </summary>
    public (int Count, string? LastFailure) TriesOf(string request) => _tries.GetValueOrDefault(request);

    /// <summary>When a call that may be out still was heard of; null where there is none.</summary>
    public long? OutSince(string request) => _out.TryGetValue(request, out var at) ? at : null;

    /// <summary>Counts tries from here on: who starts the program again wants them made again.</summary>
    public void ForgetTries() => _tries.Clear();

    /// <param name="at">When it was heard of.</param>
    public void Add(CallEntry entry, long at)
    {
        var request = entry.Request;
        var (tries, lastFailure) = TriesOf(request);
        _out.Remove(request);
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
                _out[request] = at;
                break;
        }
    }

    private void Pay(ChatAnswer answer)
    {
        _paid++;
        Tokens += (answer.InputTokens ?? 0) + (answer.OutputTokens ?? 0);
    }
}
