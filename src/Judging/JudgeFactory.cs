using System.Collections.Concurrent;
using IterativeDpo.Judging.Http;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Judging;

/// <summary>
/// Makes the judges that a campaign names, each by its own settings, and has what they share: judges of equal settings a loaded model,
/// which outlives them, and those of one name what they may use of a service.
/// </summary>
/// <param name="find">The settings of the judge of this name.</param>
/// <param name="modelPath">The campaign's base model, a GGUF file.</param>
/// <param name="seed">The campaign's.</param>
/// <param name="workPath">The directory of what judges keep: a service's answers, what a program wrote to its standard error. Null keeps
/// nothing.</param>
/// <param name="note">Told what the user should know; called from any thread.</param>
/// <param name="ledger">Opens what the judge of this name was answered by a service, where others share it; null is a file among those that
/// judges keep.</param>
/// <param name="people">Where people are asked; null is nowhere.</param>
public sealed class JudgeFactory(
    Func<string, JudgeOptions> find,
    JudgeEngines engines,
    string modelPath,
    ulong seed,
    string? workPath,
    Action<string> note,
    TimeProvider time,
    Func<string, ILedger>? ledger = null, PeopleAsked? people = null) : IAsyncDisposable
{
    private readonly Dictionary<object, IAsyncDisposable> _shared = [];
    private readonly Lazy<string> _work = new(() => workPath ?? Directory.CreateTempSubdirectory("dpo-judges-").FullName);
    private readonly ConcurrentDictionary<string, (int Calls, long Tokens)> _raised = [];
    private bool _isClosed;

    internal JudgeEngines Engines => engines;

    internal string ModelPath => modelPath;

    internal ulong Seed => seed;

    internal Action<string> Note => note;

    internal TimeProvider Time => time;

    internal PeopleAsked? People => people;

    internal (int Calls, long Tokens) RaisedBudgetOf(string judge) => _raised.GetValueOrDefault(judge);

    /// <exception cref="ObjectDisposedException">It is closed, and the judge needs what would then be loaded and never
    /// unloaded.</exception>
    /// <exception cref="KeyNotFoundException">No judge has this name.</exception>
    public IJudge Create(string name) => find(name).Create(this);

    /// <summary>The judges with a budget, by their sections of the settings, and the share of it that is spent.</summary>
    public IReadOnlyList<(string Section, double Spent)> Budgets()
    {
        lock (_shared)
        {
            return
            [
                .. _shared
                    .Values.OfType<ChatService>()
                    .Where(service => service.BudgetSpent is not null)
                    .Select(service => (service.Section, service.BudgetSpent!.Value)),
            ];
        }
    }

    /// <summary>Lets a judge spend more with its service than its settings say, from now on.</summary>
    /// <param name="calls">In all; what is not above its budget changes nothing, and no limit stays none.</param>
    public void RaiseBudget(string judge, int calls, long tokens) =>
        _raised.AddOrUpdate(judge, (calls, tokens), (_, before) => (Math.Max(before.Calls, calls), Math.Max(before.Tokens, tokens)));

    public async ValueTask DisposeAsync()
    {
        IAsyncDisposable[] shared;
        lock (_shared)
        {
            _isClosed = true;
            shared = [.. _shared.Values];
        }
        foreach (var one in shared)
        {
            await one.DisposeAsync();
        }
        if (workPath is null && _work.IsValueCreated)
        {
            Directory.Delete(_work.Value, recursive: true);
        }
    }

    /// <summary>What others of the same settings have made, or make now; it is disposed of with this factory.</summary>
    internal TShared Shared<TShared>(object settings, Func<TShared> create)
        where TShared : IAsyncDisposable
    {
        lock (_shared)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (!_shared.TryGetValue(settings, out var one))
            {
                _shared[settings] = one = create();
            }
            return (TShared)one;
        }
    }

    /// <summary>What a judge asked a service and was answered.</summary>
    /// <param name="file">The file's name, where it is kept in one.</param>
    internal ILedger Ledger(string judge, string file) => ledger?.Invoke(judge) ?? new LedgerFile(WorkFile(file));

    /// <summary>A file that a judge keeps.</summary>
    internal string WorkFile(string name) => Path.Combine(_work.Value, name);
}
