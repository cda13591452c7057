using System.Collections.Immutable;
using System.Text;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using IterativeDpo.Actors.Blobs;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Actors.Nodes;

/// <summary>
/// A node of a cluster: its slots, which outlive its actor systems, and one actor system after the other. When others have gone on without
/// it, or its coordinator is away, the actor system ends and another one joins; work in hand goes on meanwhile.
/// </summary>
public sealed class Node : IAsyncDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HandIn = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HandBackTimeout = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan UnloadTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(10);

    /// <summary>Clocks that differ by more are told of.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(30);

    /// <summary>Each may be of another campaign, and a report is one message.</summary>
    private const int MostTroubles = 8;

    private readonly ArtifactStore _store;
    private readonly HttpClient _http;
    private readonly CampaignLoader _loader;
    private readonly DateTimeOffset _startedAt;
    private readonly IDisposable _observed;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<(DateTimeOffset At, long Ended)> _ended = [];
    private volatile ClusterNode? _cluster;
    private volatile bool _draining;
    private int _ledgersOpened;

    /// <param name="store">What the node serves to others, too.</param>
    /// <param name="http">For artifacts; presents the node's certificate where there is one.</param>
    /// <param name="engines">Makes a campaign's engines, by its options and where they may keep files.</param>
    /// <param name="note">Told what an operator should know, a line each.</param>
    public Node(
        NodeOptions options,
        ArtifactStore store,
        HttpClient http,
        Func<CampaignOptions, string, CampaignEngines> engines,
        Action<string> note,
        TimeProvider time)
    {
        Options = options;
        (_store, _http, Note, Time, _startedAt) = (store, http, note, time, time.GetUtcNow());
        Table = new NodeTable(time);
        Board = new CampaignBoard(time);
        var blobs = new BlobClient(store, http, () => Table.Holders(options.Name), () => Table.Keepers(options.Name), time);
        Artifacts = options.IsCoordinator ? new KeptHere(blobs, Table, options.Name) : blobs;
        _loader = new CampaignLoader(options, store, Artifacts, engines, time);
        // A coordinator keeps everything.
        var cache = options.IsCoordinator ? null : new ArtifactCache(store, options.CacheBytes);
        Slots =
        [
            .. RolesOf(options)
                .Select(role => new WorkSlot(
                    role,
                    (order, token) => _loader.CreateAsync(role, order, token),
                    Artifacts,
                    time,
                    stepsBack: true,
                    cache,
                    note)),
        ];
        Ledger = options switch
        {
            { IsCoordinator: false } => null,
            { Journal: { } server } => LedgerDatabase.PostgreSql(server),
            _ => LedgerDatabase.Sqlite(DatabasePath),
        };
        _observed = Telemetry.Observe(Board, Slots, Table);
    }

    public NodeOptions Options { get; }

    /// <summary>What it has heard of the others.</summary>
    public NodeTable Table { get; }

    /// <summary>The campaigns that are on it.</summary>
    public CampaignBoard Board { get; }

    /// <summary>What judges asked services and were answered; null where the node is no coordinator.</summary>
    public LedgerDatabase? Ledger { get; }

    /// <summary>
    /// Told of nodes that the cluster went on without though they did not leave, each by one node of those that have this; on the actors'
    /// threads. Null: this one tells nobody.
    /// </summary>
    public Action<LostNode>? OnLost { get; init; }

    /// <summary>Whether it is in a cluster now.</summary>
    public bool IsUp => _cluster is not null && !_draining;

    /// <summary>Told what an operator should know, a line each.</summary>
    internal Action<string> Note { get; }

    internal TimeProvider Time { get; }

    internal IArtifactExchange Artifacts { get; }

    internal ImmutableArray<WorkSlot> Slots { get; }

    private string DatabasePath => DatabasePathOf(Options.StatePath);

    /// <summary>Where a coordinator keeps the journal of its campaigns, unless that is on a server.</summary>
    internal static string DatabasePathOf(string statePath) => Path.Combine(statePath, "campaigns.db");

    /// <summary>Says for which <see cref="NodeOptions.Supervisor"/> the node was drained.</summary>
    private string DrainedPath => Path.Combine(Options.StatePath, "drained");

    /// <summary>Of its actor system; of the last one while it leaves, so that others know who does.</summary>
    internal string Address { get; private set; } = "";

    /// <summary>Is in the cluster until it was drained or is cancelled; then it has left.</summary>
    /// <exception cref="UserInputException">The state directory cannot be used, or another node has its name.</exception>
    /// <exception cref="NodeTroubleException">An engine does not answer any more: only the end of this process ends it.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (Options is { IsCoordinator: true, Journal: null })
        {
            CampaignDatabase.Prepare(DatabasePath);
        }
        if (Options.Supervisor is { } supervisor
            && File.Exists(DrainedPath)
            && await File.ReadAllTextAsync(DrainedPath, cancellationToken) == supervisor)
        {
            Note($"node {Options.Name} was drained when its process ended: it stays away");
            return;
        }
        while (true)
        {
            Table.Clear();
            await using var cluster = await JoinAsync(cancellationToken);
            (_cluster, Address) = (cluster, Cluster.Get(cluster.System).SelfAddress.ToString());
            var link = cluster.Link;
            cluster.System.ActorOf(Props.Create(() => new NodeActor(this, link)), NodeActor.Name);
            Note($"node {Options.Name} is up: {string.Join(", ", Options.Roles)} at {Address}, {Options.Http}");
            var cancelled = Task.Delay(Timeout.Infinite, cancellationToken);
            var first = await Task.WhenAny(cluster.System.WhenTerminated, _drained.Task, _failed.Task, cancelled);
            _cluster = null;
            if (first == cancelled)
            {
                await HandBackAsync();
                return;
            }
            await first;
            if (first == _drained.Task)
            {
                return;
            }
            Note($"node {Options.Name} was parted from its cluster; it joins again, and work in hand goes on");
        }
    }

    /// <summary>Sends a command to a campaign, wherever it is.</summary>
    /// <returns><see cref="CampaignAccepted"/> or <see cref="CampaignFailed"/>.</returns>
    /// <exception cref="AskTimeoutException">No coordinator answers.</exception>
    public Task<ICampaignMessage> CommandAsync(string campaign, CampaignCommand command, CancellationToken cancellationToken) =>
        _cluster is { } cluster
        ? cluster.Link.AskAsync(campaign, command, CommandTimeout, cancellationToken)
        : throw new AskTimeoutException("this node is in no cluster at the moment");

    /// <summary>The stored bundle of a campaign.</summary>
    public Task<CampaignBundle> ReadBundleAsync(Digest digest, CancellationToken cancellationToken) =>
        _loader.ReadAsync(digest, cancellationToken);

    /// <summary>Takes in what somebody gave this node of a campaign: coordinators have it then.</summary>
    /// <returns>The bundle of this digest.</returns>
    public async Task<CampaignBundle> AcceptAsync(Digest digest, CancellationToken cancellationToken)
    {
        var bundle = await ReadBundleAsync(digest, cancellationToken);
        await Artifacts.OfferAsync([digest, .. bundle.Files.Select(file => file.Digest).Where(_store.ContainsWhole)], cancellationToken);
        return bundle;
    }

    /// <summary>What a judge of a campaign asked a service and was answered, as the whole cluster knows it.</summary>
    public ILedger OpenLedger(string campaign, string judge) => new ClusterLedger(
        () => Table.Coordinators,
        _http,
        campaign,
        judge,
        $"{Options.Name} {_startedAt.UtcDateTime:O} {Interlocked.Increment(ref _ledgersOpened)}",
        Note,
        Time);

    /// <summary>Has everything here that a campaign has made so far. Only where its journal is.</summary>
    /// <returns>Its state with the results of all units of all rounds.</returns>
    /// <exception cref="NodeTroubleException">This node is in no cluster at the moment.</exception>
    public async Task<CampaignState> FetchAsync(string campaign, CancellationToken cancellationToken)
    {
        var system = _cluster?.System ?? throw new NodeTroubleException("this node is in no cluster at the moment");
        var whole = new TaskCompletionSource<CampaignState>(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(CampaignHistorian.Props(campaign, whole));
        var state = await whole.Task.WaitAsync(cancellationToken);
        await Artifacts.FetchAsync(state.Rounds.SelectMany(round => round.Results).SelectMany(result => result.Leaves), cancellationToken);
        return state;
    }

    /// <summary>Has a node of this name drain; tells it until it says that it does, or is gone: it may be joining again just now.</summary>
    /// <returns>Whether there is such a node.</returns>
    /// <exception cref="NodeTroubleException">It does not say so.</exception>
    public async Task<bool> DrainAsync(string name, CancellationToken cancellationToken)
    {
        var until = Time.GetUtcNow() + CommandTimeout;
        var isKnown = false;
        while (Time.GetUtcNow() < until)
        {
            var found = Table.Nodes.Select(node => node.Report).FirstOrDefault(node => node.Name == name);
            if (found is null or { Draining: true })
            {
                return found is not null || isKnown;
            }
            isKnown = true;
            _cluster?.System.ActorSelection($"{found.Address}/user/{NodeActor.Name}").Tell(new DrainNode());
            await Task.Delay(TimeSpan.FromMilliseconds(250), Time, cancellationToken);
        }
        throw new NodeTroubleException($"node {name} does not answer; drain it again when nodes shows it as up");
    }

    /// <summary>Has the cluster go on at once without a node that does not answer. Should it live, it joins anew.</summary>
    /// <returns>Whether there is such a node.</returns>
    /// <exception cref="UserInputException">It is this one.</exception>
    public bool Down(string name)
    {
        if (name == Options.Name)
        {
            throw new UserInputException(
                $"node {name} answers, as it is the one that is asked; drain it, or have another one take it for gone.");
        }
        if (_cluster is not { } cluster
            || Table.Nodes.Select(node => node.Report).FirstOrDefault(node => node.Name == name) is not { } found)
        {
            return false;
        }
        Note($"an operator has node {name} taken for gone");
        Cluster.Get(cluster.System).Down(Akka.Actor.Address.Parse(found.Address));
        return true;
    }

    public NodeReport Describe()
    {
        var now = Time.GetUtcNow();
        return new NodeReport(
            Options.Name,
            Address,
            Options.Http.ToString(),
            Options.Roles,
            Options.Version,
            Options.Threads,
            Options.Device,
            _draining,
            [.. Slots.Select(slot => slot.InHand).OfType<WorkOrder>().Select(order => $"{order.Campaign} {order.Id}")],
            [.. ClockTrouble(now).Concat(Slots.SelectMany(slot => slot.Troubles.Values).Distinct()).Take(MostTroubles)],
            Rate(now),
            _startedAt,
            now,
            OnLost is not null);
    }

    public async ValueTask DisposeAsync()
    {
        _observed.Dispose();
        // An engine that does not come to rest is left behind.
        await Task.WhenAny(Task.WhenAll(Slots.Select(slot => slot.DisposeAsync().AsTask())), Task.Delay(UnloadTimeout));
        if (Ledger is not null)
        {
            await Ledger.DisposeAsync();
        }
    }

    internal void Drain()
    {
        if (_draining)
        {
            return;
        }
        _draining = true;
        if (Options.Supervisor is { } supervisor)
        {
            KeepDrained(supervisor);
        }
        Note($"node {Options.Name} drains: it takes nothing new, finishes what it has (a training is handed on where it is), and leaves");
        foreach (var slot in Slots)
        {
            slot.Close();
            if (slot.Role == WorkerRole.Trainer)
            {
                // It may take hours, and goes on elsewhere from where it is.
                slot.Cancel();
            }
        }
        _ = Task.Run(async () =>
        {
            while (Slots.Any(slot => slot.InHand is not null))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), Time);
            }
            _drained.TrySetResult();
        });
    }

    /// <summary>Finds out whether an engine is stuck. To be called now and then.</summary>
    internal void LookForStalls()
    {
        if (Slots.FirstOrDefault(slot => slot.Silence > Options.Stall) is { } stuck)
        {
            _failed.TrySetException(
                new NodeTroubleException(
                    $"its {stuck.Role.ToString().ToLowerInvariant()} has said nothing for {Options.Stall} at {stuck.InHand?.Id}"));
        }
    }

    internal void MeetNamesake(NodeReport other)
    {
        if (other.StartedAt < _startedAt || (other.StartedAt == _startedAt && string.CompareOrdinal(other.Address, Address) < 0))
        {
            _failed.TrySetException(new UserInputException(
                $"there is a node named {Options.Name} in this cluster already, at {other.Address}; give this one another --name."));
        }
    }

    private static IEnumerable<WorkerRole> RolesOf(NodeOptions options) => options.Roles.SelectMany(role => role switch
    {
        NodeRoles.Coordinator => new[] { WorkerRole.Pairer, WorkerRole.Publisher },
        NodeRoles.Generator => [WorkerRole.Generator],
        NodeRoles.Judge => [WorkerRole.Judge],
        _ => [WorkerRole.Trainer],
    });

    private async Task<ClusterNode> JoinAsync(CancellationToken cancellationToken)
    {
        var hosting = Options.IsCoordinator ? new CampaignHosting(Time, Lease, HandIn, Board) : null;
        using var warning = new Timer(
            _ =>
                Note(
                    $"no coordinator answers at {string.Join(", ", Options.Join)} yet; node {Options.Name} goes on trying (is one up, and is the address right?)"),
            null, JoinPatience, JoinPatience);
        return await ClusterNode.JoinAsync(Options, Options switch
        {
            { IsCoordinator: false } => Config.Empty,
            { Journal: { } server } => JournalSettings.PostgreSql(server),
            _ => JournalSettings.Sqlite(DatabasePath),
        }, hosting, cancellationToken);
    }

    private void KeepDrained(string supervisor)
    {
        try
        {
            AtomicFile.Write(DrainedPath, stream => stream.Write(Encoding.ASCII.GetBytes(supervisor)));
        }
        catch (StorageException e)
        {
            Note($"should this process die before it has left, node {Options.Name} comes back: {e.Message}");
        }
    }

    /// <summary>Gives up what is in hand, and has the campaigns know.</summary>
    private async Task HandBackAsync()
    {
        foreach (var slot in Slots)
        {
            slot.Close();
            slot.Cancel();
        }
        var until = Time.GetUtcNow() + HandBackTimeout;
        while (Slots.Any(slot => slot.InHand is not null) && Time.GetUtcNow() < until)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), Time);
        }
    }

    private IEnumerable<string> ClockTrouble(DateTimeOffset now)
    {
        // What was heard longer ago says less.
        var apart = Table.Nodes.Where(node => node.Report.Roles.Contains(NodeRoles.Coordinator) && node.Seconds < 2)
            .Select(node => (node.Report.Name, By: now - node.Report.Clock)).FirstOrDefault(node => node.By.Duration() > ClockTolerance);
        return apart.Name is null
            ? []
            :
            [
                $"its clock is {(apart.By > TimeSpan.Zero ? "ahead of" : "behind")} that of {apart.Name} by {apart.By.Duration():d\\.hh\\:mm\\:ss}",
            ];
    }

    /// <summary>Units an hour over the last ten minutes.</summary>
    private double Rate(DateTimeOffset now)
    {
        lock (_ended)
        {
            var ended = Slots.Sum(slot => slot.Ended);
            _ended.Enqueue((now, ended));
            while (now - _ended.Peek().At > TimeSpan.FromMinutes(10))
            {
                _ended.Dequeue();
            }
            var (at, before) = _ended.Peek();
            return now > at ? (ended - before) / (now - at).TotalHours : 0;
        }
    }

    /// <summary>A coordinator keeps artifacts itself, and the others shall have them too, should it be gone.</summary>
    private sealed class KeptHere(BlobClient blobs, NodeTable table, string self) : IArtifactExchange
    {
        public Task FetchAsync(IEnumerable<Digest> digests, CancellationToken cancellationToken) =>
            blobs.FetchAsync(digests, cancellationToken);

        public Task OfferAsync(IEnumerable<Digest> digests, CancellationToken cancellationToken) =>
            table.Keepers(self).Count == 0 ? Task.CompletedTask : blobs.OfferAsync(digests, cancellationToken);
    }
}
