using IterativeDpo.Artifacts;

namespace IterativeDpo.Judging.Http;

/// <summary>
/// An <see cref="AnswerCache"/> in step with its ledger: an entry counts here once it is there, and what others have put there counts
/// before the next one of ours does. So whatever is decided on what is known was decided on everything. Any number of callers at once.
/// </summary>
/// <param name="open">Opens the ledger, when it is first wanted.</param>
internal sealed class CallLog(Func<ILedger> open, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _lock = new();
    private readonly AnswerCache _answers = new();
    private ILedger? _ledger;
    private long _known;
    private volatile bool _isRead;

    /// <summary>Whether all that there was has been taken in once.</summary>
    public bool IsRead => _isRead;

    /// <summary>Whether others make calls too.</summary>
    public bool IsShared => _ledger?.Writer is not null;

    /// <summary>Looks at what is known.</summary>
    public T See<T>(Func<AnswerCache, T> look)
    {
        lock (_lock)
        {
            return look(_answers);
        }
    }

    /// <summary>Takes in what is new; the first time all.</summary>
    /// <returns>The first time, how many questions went out before and have no answer; else 0.</returns>
    /// <exception cref="UserInputException">An entry is damaged.</exception>
    public async Task<int> ReadAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var ledger = _ledger ??= open();
            while (await ledger.ReadAsync(_known, cancellationToken) is { Count: > 0 } entries)
            {
                Take(entries);
            }
            if (_isRead)
            {
                return 0;
            }
            _isRead = true;
            lock (_lock)
            {
                _answers.ForgetTries();
                return _answers.Unanswered;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Adds what follows from everything that is known: it is asked again when there is more.</summary>
    /// <param name="next">Null: nothing.</param>
    /// <returns>The entry as it is in the ledger, where one was added.</returns>
    /// <exception cref="Artifacts.Store.StorageException">It cannot be written; the ledger is as it was.</exception>
    public async Task<CallEntry?> AddAsync(Func<AnswerCache, CallEntry?> next, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var ledger = _ledger ??= open();
            while (true)
            {
                if (See(next) is not { } wanted)
                {
                    return null;
                }
                var entry = ledger.Writer is { } writer ? Fit(wanted with { By = writer }) : wanted;
                var others = await ledger.AppendAsync(_known, entry, cancellationToken);
                if (others.Count == 0)
                {
                    Take([entry]);
                    return entry;
                }
                Take(others);
                if (others[0].By is { } by && by == ledger.Writer && others[0].ToLine().AsSpan().SequenceEqual(entry.ToLine()))
                {
                    // It was added before, and the word of it was lost.
                    return entry;
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Adds an outcome, however long that takes: what was paid for is kept.</summary>
    public async Task<CallEntry> AddAsync(CallEntry outcome) => (await AddAsync(_ => outcome, CancellationToken.None))!;

    public void Dispose() => _ledger?.Dispose();

    private void Take(IReadOnlyList<CallEntry> entries)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            foreach (var entry in entries)
            {
                _answers.Add(entry, now);
            }
            _known += entries.Count;
        }
    }

    /// <summary>What is too long to be kept is no answer, and is paid for all the same.</summary>
    private static CallEntry Fit(CallEntry entry) => entry.ToLine().Length is var bytes && bytes <= ILedger.MostSharedBytes
        ? entry
        : entry with
        {
            Answer = entry.Answer is { } answer ? answer with { Text = "", FirstToken = null } : null,
            Failure =
                $"the service says too much: a cluster keeps {ILedger.MostSharedBytes:N0} bytes of an answer at most, and this one has {bytes:N0}",
        };
}
