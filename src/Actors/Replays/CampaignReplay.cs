using System.Text;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Comparison;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors.Replays;

/// <summary>
/// Does the work of recorded rounds again and compares what it leaves with what was recorded. Each unit goes by the recorded artifacts of
/// those before it, so that a difference is found where it arises and not in everything after it. Nothing of the campaign is changed.
/// </summary>
public sealed class CampaignReplay : IAsyncDisposable
{
    private readonly ArtifactStore _recorded;
    private readonly WorkerContext _context;
    private readonly Func<string, bool> _asksOutside;
    private readonly Dictionary<WorkerRole, IWorker> _workers = [];

    private CampaignReplay(ArtifactStore recorded, WorkerContext context, Func<string, bool> asksOutside) =>
        (_recorded, _context, _asksOutside) = (recorded, context, asksOutside);

    /// <param name="statePath">The campaign's state directory; another process may run it meanwhile.</param>
    /// <param name="engines">Of the campaign's options.</param>
    /// <param name="scratchPath">A directory for what comes now; it is the caller's to delete.</param>
    /// <param name="asksOutside">Whether the judge of this name asks a program of the user's or people: nothing outside is called, so its
    /// work is left out.</param>
    /// <exception cref="UserInputException">The model, the prompts or a judge's files are not what they were.</exception>
    public static CampaignReplay Open(
        string statePath,
        CampaignPlan plan,
        CampaignOptions options,
        CampaignEngines engines,
        string scratchPath,
        Func<string, bool> asksOutside,
        TimeProvider time)
    {
        var inputs = CampaignInputs.Read(new CampaignConfiguration(options, "", OptionsJson.Write(options)));
        inputs.RefuseOtherCampaign(new CampaignState { Plan = plan }, options, statePath);
        return new CampaignReplay(
            StateDirectory.ArtifactsOf(statePath),
            new WorkerContext(
                options,
                engines,
                inputs.Prompts,
                new ArtifactStore(Path.Combine(scratchPath, "artifacts")),
                inputs.BaseModel,
                inputs.JudgeIdentity,
                Directory.CreateDirectory(Path.Combine(scratchPath, "work")).FullName,
                time),
            asksOutside);
    }

    /// <param name="report">Told how far the unit is, on any thread.</param>
    public async Task<ReplayedWork> ReplayAsync(RecordedWork work, Action<WorkProgress> report, CancellationToken cancellationToken)
    {
        // All of it is computed again, also what was taken over from an attempt that was cut short.
        var order = work.Order is TrainOrder training ? training with { Checkpoint = null } : work.Order;
        var lost = DamageOf(work.Result.Leaves);
        if (DamageOf(order.Needs) is { } missing)
        {
            return new(work, [], ReplayOutcome.Damaged, missing);
        }
        foreach (var digest in order.Needs)
        {
            _context.Store.Link(digest, _recorded.PathOf(digest));
        }
        if (order.Role == WorkerRole.Judge && JudgeOf(order) is var judge && _asksOutside(judge))
        {
            return new(work, [], ReplayOutcome.NotReplayed, $"the judge '{judge}' asks a program of yours, or people");
        }
        try
        {
            Directory.CreateDirectory(Path.Combine(_context.WorkPath, $"round-{order.Id.Round}"));
            var result = await WorkerOf(order.Role).DoAsync(order, message => Report(message, report), cancellationToken);
            var replayed = lost is null ? Compare(work, result) : new(work, [.. result.Leaves], ReplayOutcome.Damaged,
                $"{lost} Done again, it comes to {(result.Leaves.SequenceEqual(work.Result.Leaves) ? "the bytes that were recorded" : "other bytes than were recorded")}.");
            foreach (var digest in result.Leaves)
            {
                // What comes next goes by what was recorded.
                File.Delete(_context.Store.PathOf(digest));
            }
            return replayed;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new(work, [], ReplayOutcome.Failed, e.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers.Values)
        {
            await worker.DisposeAsync();
        }
    }

    private string? DamageOf(IEnumerable<Digest> digests)
    {
        try
        {
            foreach (var digest in digests)
            {
                _recorded.Verified(digest);
            }
            return null;
        }
        catch (StorageException e)
        {
            return e.Message;
        }
    }

    private static void Report(ICampaignMessage message, Action<WorkProgress> report)
    {
        if (message is WorkProgress progress)
        {
            report(progress);
        }
    }

    private string JudgeOf(WorkOrder order) =>
        order is JudgeOrder { Id.Stage: Stage.Grade } grade ? _context.Options.GraderOf(grade.Set) : _context.Options.Judging.Judge;

    private IWorker WorkerOf(WorkerRole role) =>
        _workers.TryGetValue(role, out var worker) ? worker : _workers[role] = CampaignWorkers.Create(role, _context);

    private ReplayedWork Compare(RecordedWork work, WorkResult now)
    {
        Digest[] before = [.. work.Result.Leaves], after = [.. now.Leaves];
        if (before.SequenceEqual(after))
        {
            return CompareFigures(work, now);
        }
        if (before.Length != after.Length)
        {
            return new(work, after, ReplayOutcome.Differs, $"{after.Length} artifacts, and there were {before.Length}");
        }
        // A service is not asked again: verdicts cost nothing now.
        var aside = work.Id.Stage is Stage.Judge or Stage.Grade or Stage.Anchor ? "verdict.usage" : null;
        ArtifactDifference[] differences =
        [
            .. before
                .Zip(after)
                .Select(pair => ArtifactDifference.Between(_recorded.Verified(pair.First), _context.Store.Verified(pair.Second), aside))
                .OfType<ArtifactDifference>(),
        ];
        if (differences.Length == 0)
        {
            return CompareFigures(work, now);
        }
        var isElsewhere = work.Result.Machine is null || work.Result.Machine != now.Machine;
        return new(
            work,
            after,
            isElsewhere && differences.All(difference => difference.IsSmall) ? ReplayOutcome.Close : ReplayOutcome.Differs,
            differences[0].First);
    }

    /// <summary>The artifacts are the same: so must be what the journal says of them, which decides what becomes of a round.</summary>
    private static ReplayedWork CompareFigures(RecordedWork work, WorkResult now)
    {
        var words = ArtifactDifference.InWords(Figures(work.Result), Figures(Comparable(now, work.Result)));
        Digest[] replayed = [.. now.Leaves];
        return words is null
            ? new(work, replayed, ReplayOutcome.Same)
            : new(work, replayed, ReplayOutcome.Differs, $"the artifacts are the same; in the journal {words}");
    }

    /// <summary>Without what older journals do not have.</summary>
    private static WorkResult Comparable(WorkResult now, WorkResult recorded) => (now, recorded) switch
    {
        (JudgeResult judged, JudgeResult before) => judged with
        {
            Verdicts = before.Verdicts,
            MeanScore = before.MeanScore is null ? null : judged.MeanScore,
            ByTask = judged.Id.Stage == Stage.Grade ? judged.ByTask : before.ByTask,
        },
        (SampleResult sampled, SampleResult before) => sampled with
        {
            Repeats = before.Repeats is null ? null : sampled.Repeats,
            Identical = before.Identical is null ? null : sampled.Identical,
            Divergence = before.Divergence is null ? null : sampled.Divergence,
        },
        (PairResult paired, PairResult before) => paired with { Counts = before.Counts is null ? null : paired.Counts },
        _ => now,
    };

    /// <summary>Without what it took and cost.</summary>
    private static string Figures(WorkResult result) => Encoding.UTF8.GetString(WireFormat.Write(
        (result is JudgeResult judged ? judged with { Usage = null, Latency = null } : result) with { Seconds = 0, Machine = null }));
}
