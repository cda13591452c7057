using System.Collections.Immutable;
using System.Text;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Judging.People;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Page;

/// <summary>
/// How a campaign is now, for pages: from its journal, whoever writes that, and what its workers report where it runs in this process. A
/// look at the journal is shared by all who ask within a moment. Safe to use from any thread.
/// </summary>
internal sealed class CampaignFeed(string statePath, TimeProvider time) : IProgress<CampaignProgress>
{
    private const int MostNotes = 100;

    /// <summary>Rounds that the time left goes by.</summary>
    private const int RecentRounds = 3;

    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(250);

    private static readonly JsonLines<SortedDictionary<string, double>> s_steps = new("not the metrics of a step", "It is left out.");

    private readonly Lock _lock = new();
    private readonly CampaignFollower _journal = new(statePath);
    private ImmutableQueue<Note> _notes = [];
    private WorkProgress? _work;
    private PeopleCounts _people = new(0, 0, 0);
    private bool _isHere;
    private string? _trouble;
    private (string? Title, int Done, DateTimeOffset Since) _stage;
    private CampaignNow? _now;
    private long _lookedAt;

    public string StatePath => statePath;

    /// <summary>What people are asked, and what they said.</summary>
    public PeopleQueue People { get; } = new(CampaignReader.PeoplePath(statePath), time);

    /// <summary>The campaign runs in this process from now on.</summary>
    public void Report(CampaignProgress value)
    {
        lock (_lock)
        {
            _now = _isHere ? _now : null;
            (_isHere, _work) = (true, value.Work);
        }
    }

    /// <summary>The campaign does not run in this process any more.</summary>
    public void End()
    {
        lock (_lock)
        {
            (_isHere, _work, _now) = (false, null, null);
        }
    }

    public void Tell(string line)
    {
        lock (_lock)
        {
            _notes = _notes.Enqueue(new(time.GetUtcNow(), line));
            if (_notes.Count() > MostNotes)
            {
                _notes = _notes.Dequeue();
            }
        }
    }

    /// <summary>At most a moment old.</summary>
    public CampaignNow Now()
    {
        lock (_lock)
        {
            if (_now is null || time.GetElapsedTime(_lookedAt) >= s_moment)
            {
                Look();
                _now = View();
                _lookedAt = time.GetTimestamp();
            }
            return _now;
        }
    }

    /// <summary>Events before that of a number, the last ones, in order.</summary>
    /// <exception cref="UserInputException">The journal is damaged.</exception>
    public IReadOnlyList<(long Number, CampaignEvent Event)> Before(long number, int count)
    {
        lock (_lock)
        {
            return _journal.Before(number, count);
        }
    }

    /// <summary>The steps of a training that is under way or was cut off, as far as they are on the disk.</summary>
    public IReadOnlyList<TrainingStep> StepsSoFar(int round)
    {
        var path = Path.Combine(CampaignReader.WorkPath(statePath), $"metrics-{round}.jsonl");
        try
        {
            return !File.Exists(path) ? [] : [.. File.ReadLines(path).Select(StepIn).OfType<TrainingStep>()];
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            // It is being replaced.
            return [];
        }
    }

    /// <returns>Null for a line that a process is writing, or was when it was killed.</returns>
    private static TrainingStep? StepIn(string line) =>
        s_steps.TryParse(Encoding.UTF8.GetBytes(line)) is { } fields
        && fields.Remove("step", out var step)
        && fields.Remove("steps", out var steps)
            ? new((int)step, (int)steps, fields)
            : null;

    private void Look()
    {
        try
        {
            var before = _journal.Events;
            foreach (var @event in _journal.Look())
            {
                if (@event is CampaignResumed or PlanRevised or CampaignStarted)
                {
                    // The time before was not spent on the stage.
                    _stage = default;
                }
            }
            _people = People.Count();
            _trouble = null;
            if (_journal.Events != before && _work is { } work && !IsDue(work.Id))
            {
                _work = null;
            }
        }
        catch (Exception e) when (e is UserInputException or StorageException)
        {
            _trouble = e.Message;
        }
    }

    private bool IsDue(WorkId id) => Round.Due(_journal.State).Any(order => order.Id == id);

    private CampaignNow View()
    {
        var state = _journal.State;
        int? process = _isHere ? Environment.ProcessId : DirectoryLock.HolderOf(statePath);
        return new(
            state,
            _journal.Events,
            StageOf(state, process is not null),
            process,
            RoundsLeft(state, process is not null),
            [.. _notes],
            _people,
            _trouble);
    }

    private StageNow? StageOf(CampaignState state, bool isRunning)
    {
        if (StageView.Of(new CampaignProgress(state, _isHere ? _work : Training(state))) is not { } view)
        {
            _stage = default;
            return null;
        }
        var now = time.GetUtcNow();
        if (view.Title != _stage.Title)
        {
            // What was done before somebody looked took a time that nobody knows.
            _stage = (view.Title, view.Done, view.Done == 0 ? state.LastEventAt : now);
        }
        var (done, seconds) = (view.Done - _stage.Done, (now - _stage.Since).TotalSeconds);
        double? rate = isRunning && done > 0 && seconds > 0 ? done / seconds : null;
        return new(view, rate, rate is { } known ? TimeSpan.FromSeconds((view.Total - view.Done) / known) : null);
    }

    /// <summary>How far a training of another process is.</summary>
    private WorkProgress? Training(CampaignState state) =>
        state is { Current: { Pairs: not null, Training: null, Number: var round } } && StepsSoFar(round) is [.., var step]
            ? new(new(round, Stage.Train, 0), step.Step, step.Steps, 0, 0, step.Metrics.ToImmutableSortedDictionary())
            : null;

    private TimeSpan? RoundsLeft(CampaignState state, bool isRunning)
    {
        var ended = state.Rounds.Where(round => round is { Number: > 0, Outcome: not null }).ToArray();
        if (!isRunning || state is not { Status: CampaignStatus.Running, Plan: { } plan } || ended.Length == 0)
        {
            return null;
        }
        var mean = ended.TakeLast(RecentRounds).Average(round => round.TotalSeconds);
        var current = state.Current is { } round ? round.TotalSeconds + (time.GetUtcNow() - state.LastEventAt).TotalSeconds : 0;
        return TimeSpan.FromSeconds(Math.Max(0, (mean * (plan.Rounds - ended.Length)) - Math.Min(current, mean)));
    }
}
