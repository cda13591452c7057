using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Judging.People;

/// <summary>A task and the verdicts that stand, in the order in which they were given.</summary>
public sealed record JudgedTask(PeopleTask Task, IReadOnlyList<PeopleVerdict> Verdicts)
{
    /// <summary>Whether more people shall judge it.</summary>
    public bool IsOpen => Verdicts.Count < Task.People;

    /// <summary>Whether the campaign waits for it.</summary>
    public bool IsAwaited => Task.Holds && Verdicts.Count == 0;
}

/// <summary>
/// What waits for people and what they said: two files of JSON lines that only grow, in the directory of a campaign. A verdict is on the
/// disk before it counts. Several processes may use them at once, as a page and a campaign do: whoever writes has read everything first.
/// Safe to use from any thread.
/// </summary>
/// <param name="path">The directory; made when the first task comes.</param>
public sealed class PeopleQueue(string path, TimeProvider time)
{
    /// <summary>For how long a verdict that the campaign waits for can be taken back: then it goes on.</summary>
    public static readonly TimeSpan UndoTime = TimeSpan.FromSeconds(10);

    public const int MostNameCharacters = 64;

    /// <summary>For the turn to write, ten seconds in all.</summary>
    private const int MostTries = 2000, PauseMilliseconds = 5;

    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(200), s_claim = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly List<string> _order = [];
    private readonly Dictionary<string, JudgedTask> _tasks = [];
    private readonly Dictionary<string, (string Person, DateTimeOffset Until)> _claims = [];
    private readonly GrowingFile<PeopleTask> _taskFile = new(
        Path.Combine(path, "tasks.jsonl"),
        new("no task for people", "The file is damaged: put back a copy of it."));
    private readonly GrowingFile<PeopleVerdict> _verdictFile = new(
        Path.Combine(path, "verdicts.jsonl"),
        new("no verdict of a person", "The file is damaged: put back a copy of it."));
    private long? _lookedAt;

    /// <summary>All tasks, the oldest first; at most a moment old.</summary>
    /// <exception cref="UserInputException">A file is damaged; names the line.</exception>
    /// <exception cref="StorageException">A file cannot be read.</exception>
    public IReadOnlyList<JudgedTask> Tasks()
    {
        lock (_lock)
        {
            Look();
            return [.. _order.Select(id => _tasks[id])];
        }
    }

    /// <returns>Null where there is none of this id.</returns>
    /// <inheritdoc cref="Tasks"/>
    public JudgedTask? Find(string id)
    {
        lock (_lock)
        {
            Look();
            return _tasks.GetValueOrDefault(id);
        }
    }

    /// <summary>Tasks that the campaign waits for, those that somebody shall judge, and verdicts so far.</summary>
    /// <inheritdoc cref="Tasks"/>
    public PeopleCounts Count()
    {
        lock (_lock)
        {
            Look();
            return new(
                _tasks.Values.Count(task => task.IsAwaited),
                _tasks.Values.Count(task => task.IsOpen),
                _tasks.Values.Sum(task => task.Verdicts.Count));
        }
    }

    /// <summary>Adds tasks; those that are there already, as after a restart, are left as they are.</summary>
    /// <exception cref="StorageException">They cannot be written.</exception>
    public void Add(IEnumerable<PeopleTask> tasks) => Write(() =>
    {
        foreach (var task in tasks.Where(task => !_tasks.ContainsKey(task.Id)))
        {
            _taskFile.Append(task);
            Take(task);
        }
        return null;
    });

    /// <summary>Takes a person's verdict, and has it on the disk.</summary>
    /// <returns>Null where it counts; else why it does not, and then nothing was changed.</returns>
    /// <exception cref="StorageException">It cannot be written; nothing was changed.</exception>
    public string? Judge(PeopleVerdict verdict) => Write(() =>
    {
        if (!_tasks.TryGetValue(verdict.Task, out var known))
        {
            return "this comparison is not there any more";
        }
        if (known.Verdicts.Any(one => one.Person == verdict.Person))
        {
            return "this person has judged this comparison already";
        }
        if (!known.IsOpen)
        {
            return "somebody else has judged this comparison meanwhile";
        }
        if (verdict.ShownFirst != known.Task.First && verdict.ShownFirst != known.Task.Second)
        {
            return "this comparison is of other answers";
        }
        _verdictFile.Append(verdict);
        Take(verdict);
        return null;
    });

    /// <summary>Takes back the person's last verdict.</summary>
    /// <param name="task">The task that is to be judged again.</param>
    /// <returns>As <see cref="Judge"/>.</returns>
    /// <inheritdoc cref="Judge"/>
    public string? Undo(string person, out string? task)
    {
        string? undone = null;
        var refusal = Write(() =>
        {
            if (_tasks.Values.SelectMany(known => known.Verdicts, (known, verdict) => (known.Task, Verdict: verdict))
                .Where(one => one.Verdict.Person == person).OrderBy(one => one.Verdict.At).LastOrDefault() is not ({ } judged, { } last))
            {
                return "there is no verdict of yours to take back";
            }
            if ((judged.Holds || judged.Counts) && time.GetUtcNow() - last.At > UndoTime)
            {
                return $"the campaign has gone on with your last verdict: it can be taken back for {UndoTime.TotalSeconds:0} seconds";
            }
            undone = judged.Id;
            var undo = last with { Answer = PeopleAnswer.Undo, Seconds = null, At = time.GetUtcNow(), Source = null };
            _verdictFile.Append(undo);
            Take(undo);
            _claims[judged.Id] = (person, time.GetUtcNow() + s_claim);
            return null;
        });
        task = undone;
        return refusal;
    }

    /// <summary>
    /// What this person is to judge next: first what the campaign waits for, and what nobody else is looking at just now.
    /// </summary>
    /// <returns>Null where there is nothing.</returns>
    /// <inheritdoc cref="Tasks"/>
    public PeopleTask? Next(string person)
    {
        lock (_lock)
        {
            Look();
            var now = time.GetUtcNow();
            var next = _order.Select(id => _tasks[id])
                .Where(task => task.IsOpen && task.Verdicts.All(verdict => verdict.Person != person))
                .OrderBy(task => IsClaimedByOther(task.Task.Id) ? 2 : IsClaimed(task.Task.Id) ? 0 : 1)
                .ThenBy(task => task.IsAwaited ? 0 : 1)
                .FirstOrDefault()?.Task;
            if (next is not null)
            {
                _claims[next.Id] = (person, now + s_claim);
            }
            return next;

            bool IsClaimed(string id) => _claims.TryGetValue(id, out var claim) && claim.Until > now;

            bool IsClaimedByOther(string id) => IsClaimed(id) && _claims[id].Person != person;
        }
    }

    /// <summary>The verdict that the campaign goes by: the first, once it cannot be taken back any more.</summary>
    /// <returns>Null while there is none.</returns>
    /// <inheritdoc cref="Tasks"/>
    public PeopleVerdict? Settled(string id)
    {
        if (!IsSettled(Find(id)))
        {
            return null;
        }
        // Somebody may be taking it back in this moment, in another process.
        PeopleVerdict? settled = null;
        Write(() =>
        {
            settled = _tasks[id] is var known && IsSettled(known) ? known.Verdicts[0] : null;
            return null;
        });
        return settled;

        bool IsSettled(JudgedTask? known) => known?.Verdicts is [var first, ..] && time.GetUtcNow() - first.At > UndoTime;
    }

    private string? Write(Func<string?> change)
    {
        lock (_lock)
        {
            try
            {
                Directory.CreateDirectory(path);
                using var held = Hold();
                Read();
                _taskFile.CutOff();
                _verdictFile.CutOff();
                return change();
            }
            catch (Exception e) when (IoFailure.Is(e))
            {
                throw IoFailure.Explain(path, "cannot be written", e);
            }
        }
    }

    /// <summary>One process at a time writes, for moments; the lock goes with the process.</summary>
    private FileStream Hold()
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return new FileStream(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (tries < MostTries)
            {
                Thread.Sleep(PauseMilliseconds);
            }
        }
    }

    private void Look()
    {
        if (_lookedAt is { } before && time.GetElapsedTime(before) < s_moment)
        {
            return;
        }
        Read();
        _lookedAt = time.GetTimestamp();
    }

    private void Read()
    {
        // A verdict's task was written before it.
        var verdicts = _verdictFile.ReadOn();
        foreach (var task in _taskFile.ReadOn())
        {
            Take(task);
        }
        foreach (var verdict in verdicts)
        {
            Take(verdict);
        }
    }

    private void Take(PeopleTask task)
    {
        if (_tasks.TryAdd(task.Id, new(task, [])))
        {
            _order.Add(task.Id);
        }
    }

    private void Take(PeopleVerdict verdict)
    {
        if (_tasks.TryGetValue(verdict.Task, out var known))
        {
            var others = known.Verdicts.Where(one => one.Person != verdict.Person);
            _tasks[verdict.Task] = known with { Verdicts = verdict.Answer == PeopleAnswer.Undo ? [.. others] : [.. others, verdict] };
        }
    }

    /// <summary>A file that others append to; it is read on from where it was.</summary>
    private sealed class GrowingFile<T>(string path, JsonLines<T> lines) where T : class
    {
        private long _position;
        private int _line;

        /// <summary>The records that are new; a last line without its end is one that somebody is writing.</summary>
        public List<T> ReadOn()
        {
            if (!File.Exists(path))
            {
                return [];
            }
            try
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                if (file.Length <= _position)
                {
                    return [];
                }
                file.Position = _position;
                var rest = new byte[file.Length - _position];
                file.ReadExactly(rest);
                var (records, start) = (new List<T>(), 0);
                while (rest.AsSpan(start).IndexOf((byte)'\n') is >= 0 and var length)
                {
                    records.Add(lines.Parse(rest.AsSpan(start, length), $"{path}, line {_line + records.Count + 1}"));
                    start += length + 1;
                }
                (_position, _line) = (_position + start, _line + records.Count);
                return records;
            }
            catch (Exception e) when (IoFailure.Is(e))
            {
                throw IoFailure.Explain(path, "cannot be read", e);
            }
        }

        /// <summary>Takes away a last line that a killed process left without its end; nobody else is writing.</summary>
        public void CutOff()
        {
            if (File.Exists(path) && new FileInfo(path).Length > _position)
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
                file.SetLength(_position);
            }
        }

        public void Append(T record)
        {
            using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            lines.Append(file, path, record, flushToDisk: true);
            (_position, _line) = (file.Length, _line + 1);
        }
    }
}

/// <param name="Awaited">Tasks that the campaign waits for.</param>
/// <param name="Open">Tasks that somebody shall judge, those among them.</param>
/// <param name="Verdicts">Verdicts that stand.</param>
public sealed record PeopleCounts(int Awaited, int Open, int Verdicts)
{
    /// <summary>What the campaign waits for, in words; null is nothing.</summary>
    public string? Waiting => Awaited == 0 ? null : $"waiting for people: {Awaited:N0} {(Awaited == 1 ? "comparison" : "comparisons")}";
}
