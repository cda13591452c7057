using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>How campaigns stood when a tenth of the rounds more was done.</summary>
/// <param name="Rounds">Done by all campaigns together.</param>
/// <param name="RoundsPerSecond">In this tenth.</param>
/// <param name="ManagedBytes">In use after a full collection, by coordinator and workers together.</param>
/// <param name="FewestRounds">Of the campaign that has done the fewest.</param>
public sealed record CampaignsTenth(int Rounds, double RoundsPerSecond, long ManagedBytes, int FewestRounds, int MostRounds);

/// <param name="Rounds">Of each campaign, at least.</param>
/// <param name="UnitsPerRound">Units of work in a round.</param>
/// <param name="GrowthBytesPerRound">What managed memory grew by from the first tenth to the last, by round.</param>
/// <param name="LargestMessageBytes">Of all between nodes.</param>
/// <param name="JournalBytesPerRound">Of the database file, by round.</param>
/// <param name="EventBytesPerRound">As they are serialized.</param>
/// <param name="SnapshotBytesPerRound">All that were written, as they are serialized; only the last is kept.</param>
/// <param name="RecoverySeconds">From the start of a campaign's entity to its first order.</param>
/// <param name="RecoveredEvents">Those after its snapshot.</param>
public sealed record CampaignsBenchmarkResult(
    int Campaigns,
    int Workers,
    int Rounds,
    int UnitsPerRound,
    double Seconds,
    double RoundsPerSecond,
    double EventsPerSecond,
    IReadOnlyList<CampaignsTenth> Tenths,
    double GrowthBytesPerRound,
    int LargestMessageBytes,
    string LargestMessage,
    double JournalBytesPerRound,
    double EventBytesPerRound,
    double SnapshotBytesPerRound,
    double RecoverySeconds,
    long RecoveredEvents);

/// <summary>
/// Many campaigns of many rounds on a coordinator, with workers on another node that answer at once and leave no artifacts: real actor
/// systems, sharding, transport, serialization and SQLite journal, in this process.
/// </summary>
internal sealed class CampaignsBenchmark(string directory, int campaigns, int rounds, int workers, int units)
{
    private const int UnitPrompts = 32;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20), s_patience = TimeSpan.FromSeconds(30);

    /// <summary>The roles of the first workers; then generators and judges take turns, who have most to do.</summary>
    private static readonly WorkerRole[] s_roles =
    [
        WorkerRole.Generator,
        WorkerRole.Judge,
        WorkerRole.Trainer,
        WorkerRole.Pairer,
        WorkerRole.Publisher,
    ];

    private readonly string _database = Path.Combine(directory, "campaigns.db");
    private readonly string[] _names = [.. Enumerable.Range(1, campaigns).Select(number => $"campaign-{number}")];

    /// <summary>Three held-out units to eight that are sampled; pairs of earlier rounds and an average make the largest orders.</summary>
    private CampaignPlan Plan => new(
        "",
        InstantWorker.NewDigest(),
        Rounds: 100 * rounds,
        units * UnitPrompts,
        UnitPrompts,
        HeldOutPrompts: Math.Max(1, units * 3 / 8) * UnitPrompts,
        MaxAttempts: 3,
        PairData.Replay,
        PolicyOrigin.Previous,
        ReferenceOrigin.Ema,
        RollbackPoints: 100,
        ReplayShare: 0.25,
        ReferenceEmaDecay: 0.9,
        EvaluationUnitPrompts: UnitPrompts);

    public async Task<CampaignsBenchmarkResult> RunAsync(Action<CampaignsTenth> ended, CancellationToken cancellationToken)
    {
        CampaignDatabase.Prepare(_database);
        var board = new CampaignBoard(TimeProvider.System);
        var watch = Stopwatch.StartNew();
        List<CampaignsTenth> tenths = [];
        await using (var coordinator = await JoinAsync(
            NodeRoles.Coordinator,
            [],
            JournalSettings.Sqlite(_database),
            new CampaignHosting(TimeProvider.System, s_patience, TimeSpan.Zero, board),
            cancellationToken))
        {
            var address = Cluster.Get(coordinator.System).SelfAddress;
            await using var node = await JoinAsync(
                NodeRoles.Generator,
                [$"{address.Host}:{address.Port}"],
                Config.Empty,
                null,
                cancellationToken);
            foreach (var name in _names)
            {
                await coordinator.Link.AskAsync(name, new StartCampaign(Plan with { Campaign = name }), s_patience, cancellationToken);
            }
            watch.Restart();
            StartWorkers(node);
            await WatchAsync(board, tenths, ended, cancellationToken);
        }
        var seconds = watch.Elapsed.TotalSeconds;
        JournalSettings.CloseSqlite(_database);
        var done = tenths[^1].Rounds;
        var (events, snapshots) = (MeasuringSerializer.Written["event"], MeasuringSerializer.Written.GetValueOrDefault("snapshot"));
        var largest = MeasuringSerializer.Written.Where(kind => kind.Key is not ("event" or "snapshot")).MaxBy(kind => kind.Value.Largest);
        var (recovery, recovered) = await RecoverAsync(cancellationToken);
        var plan = Plan;
        return new(
            campaigns,
            workers,
            rounds,
            2 * (plan.SampleUnits + plan.EvaluationUnits(1).Count()) + 3,
            seconds,
            done / seconds,
            events.Count / seconds,
            tenths,
            (double)(tenths[^1].ManagedBytes - tenths[0].ManagedBytes) / (done - tenths[0].Rounds),
            largest.Value.Largest,
            largest.Key,
            (double)new FileInfo(_database).Length / done,
            (double)events.Bytes / done,
            (double)snapshots.Bytes / done,
            recovery,
            recovered);
    }

    private async Task WatchAsync(
        CampaignBoard board,
        List<CampaignsTenth> tenths,
        Action<CampaignsTenth> ended,
        CancellationToken cancellationToken)
    {
        var (before, at) = (0, Stopwatch.GetTimestamp());
        while (tenths.Count < 10 || tenths[^1].FewestRounds < rounds)
        {
            await Task.Delay(s_look, cancellationToken);
            var states = _names.Select(name => board.Standings.GetValueOrDefault(name)?.State ?? CampaignState.Empty).ToArray();
            if (states.FirstOrDefault(state => state.PauseReason is not null) is { } paused)
            {
                throw new BenchmarkException($"a campaign paused: {paused.PauseReason}");
            }
            // Round 0 evaluates the base.
            int[] done = [.. states.Select(state => Math.Max(0, state.Rounds.Count - state.Open.Count() - 1))];
            var isLast = tenths.Count == 9;
            if (isLast ? done.Min() >= rounds : done.Sum() >= (tenths.Count + 1) * campaigns * rounds / 10)
            {
                var tenth = new CampaignsTenth(
                    done.Sum(),
                    (done.Sum() - before) / Stopwatch.GetElapsedTime(at).TotalSeconds,
                    GC.GetTotalMemory(forceFullCollection: true),
                    done.Min(),
                    done.Max());
                tenths.Add(tenth);
                ended(tenth);
                (before, at) = (tenth.Rounds, Stopwatch.GetTimestamp());
            }
        }
    }

    private void StartWorkers(ClusterNode node)
    {
        var (link, names) = (node.Link, _names);
        foreach (var number in Enumerable.Range(0, workers))
        {
            var role = number < s_roles.Length ? s_roles[number] : s_roles[number % 2];
            var slot = new WorkSlot(
                role,
                (_, _) => Task.FromResult<IWorker>(new InstantWorker()),
                new OneStore(),
                TimeProvider.System,
                stepsBack: true);
            node.System.ActorOf(Props.Create(() => new WorkerActor(slot, link, names)));
        }
    }

    private Task<ClusterNode> JoinAsync(
        string role,
        ImmutableArray<string> join,
        Config journal,
        CampaignHosting? hosting,
        CancellationToken cancellationToken) =>
        ClusterNode.JoinAsync(
        new NodeOptions(
            role,
            [role],
            directory,
            "127.0.0.1",
            0,
            new Uri("http://127.0.0.1"),
            join,
            null,
            1,
            "cpu",
            EngineInfo.ProgramVersion,
            false,
            0,
            TimeSpan.MaxValue,
            null),
        ConfigurationFactory
            .ParseString($"akka.actor.serializers.iterative-dpo = \"{typeof(MeasuringSerializer).AssemblyQualifiedName}\"")
            .WithFallback(journal),
        hosting,
        cancellationToken);

    /// <summary>A campaign's entity on its own: started, stopped and, with the program warm, started again.</summary>
    private async Task<(double Seconds, long Events)> RecoverAsync(CancellationToken cancellationToken)
    {
        var system = ActorSystem.Create(
            "recovery",
            ConfigurationFactory
                .ParseString("akka.actor.provider = local")
                .WithFallback(ClusterNode.Settings(JournalSettings.Sqlite(_database), "{}")));
        try
        {
            await MeasureRecoveryAsync(system, cancellationToken);
            var seconds = await MeasureRecoveryAsync(system, cancellationToken);
            return (seconds, CampaignDatabase.Read(_database, database =>
            {
                var id = CampaignActor.PersistenceIdOf(_names[0]);
                return database.EventsAfter(id, database.LatestSnapshot(id)?.SequenceNr ?? 0).ToList();
            })!.Count);
        }
        finally
        {
            await system.Terminate();
            JournalSettings.CloseSqlite(_database);
        }
    }

    private async Task<double> MeasureRecoveryAsync(ActorSystem system, CancellationToken cancellationToken)
    {
        using var inbox = Inbox.Create(system);
        Inbox[] readers = [.. s_roles.Select(_ => Inbox.Create(system))];
        var start = Stopwatch.GetTimestamp();
        var entity = system.ActorOf(CampaignActor.Props(_names[0], CampaignHosting.InOneProcess(TimeProvider.System)));
        foreach (var (role, reader) in s_roles.Zip(readers))
        {
            reader.Send(entity, new WorkerReady(role));
        }
        await await Task.WhenAny(readers.Select(reader => reader.ReceiveAsync(s_patience)));
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        inbox.Watch(entity);
        system.Stop(entity);
        await inbox.ReceiveAsync(s_patience).WaitAsync(cancellationToken);
        foreach (var reader in readers)
        {
            reader.Dispose();
        }
        return seconds;
    }
}
