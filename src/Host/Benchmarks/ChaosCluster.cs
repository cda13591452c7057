using System.Diagnostics;
using System.Text.Json;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>How a cluster of real processes is to be.</summary>
/// <param name="Coordinators">1, with a journal in a file, or 3, with one on PostgreSQL.</param>
/// <param name="Journal">A PostgreSQL server's empty database; null is a server of its own.</param>
internal sealed record ChaosShape(int Coordinators, Uri? Journal);

/// <summary>A cluster of real processes on this machine, with a campaign that it runs.</summary>
internal sealed class ChaosCluster : IDisposable
{
    public const string Campaign = "chaos";

    /// <summary>The node whose state is on <see cref="Disk"/>.</summary>
    public const string DiskNode = "c";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private static readonly (string Name, string[] Roles)[] s_workers =
    [
        ("a", [NodeRoles.Generator, NodeRoles.Judge]),
        ("b", [NodeRoles.Generator, NodeRoles.Trainer]),
        ("c", [NodeRoles.Judge, NodeRoles.Trainer]),
        ("d", [NodeRoles.Generator, NodeRoles.Judge, NodeRoles.Trainer]),
    ];

    private static readonly (string Name, string[] Roles)[] s_guests = [("x1", s_workers[0].Roles), ("x2", s_workers[2].Roles)];

    private readonly ChaosProgram _program;
    private readonly string _directory;
    private readonly HttpClient _http;
    private readonly Uri? _journal;
    private readonly List<ChaosNode> _nodes = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <exception cref="BenchmarkException">There is no PostgreSQL to be had.</exception>
    public ChaosCluster(ChaosProgram program, string directory, ChaosShape shape)
    {
        (_program, _directory) = (program, directory);
        ChaosLeftovers.Remove();
        Log = new ChaosLog(Path.Combine(directory, "nodes.log"));
        Network = new ChaosNetwork(directory, program);
        try
        {
            _http = Network.Client();
            Say(
                Network.CanPart
                    ? $"each node is in a network namespace of its own, {ChaosLeftovers.Prefix}-NAME"
                    : "partitions are left out: it takes root and ip (iproute2) to make network namespaces");
            _journal = shape.Coordinators == 1 ? null : shape.Journal ?? (Database = StartDatabase()).Address;
            if (_journal is not null && ReadEvents().Count > 0)
            {
                throw new BenchmarkException($"--journal: there is a campaign named {Campaign} in it already; give an empty database");
            }
            string[] coordinators = [.. Enumerable.Range(1, shape.Coordinators).Select(number => $"coordinator-{number}")];
            var places = coordinators.Concat(s_workers.Concat(s_guests).Select(node => node.Name)).ToDictionary(name => name, Network.Add);
            var join = string.Join(',', coordinators.Select(name => places[name].Join));
            _nodes.AddRange(
            [
                .. coordinators.Select(name => Node(name, [NodeRoles.Coordinator], shape.Coordinators == 1 ? [] : ["--join", join])),
                .. s_workers.Select(worker => Node(worker.Name, worker.Roles, ["--join", join])),
                .. s_guests.Select(guest => Node(guest.Name, guest.Roles, ["--join", join], isGuest: true)),
            ]);
            Disk = ChaosDisk.TryMount(StateOf(DiskNode));
            if (Disk is null)
            {
                Say("full disks are left out: it takes root to make a small one");
            }

            ChaosNode Node(string name, string[] roles, string[] arguments, bool isGuest = false) =>
                new(name, roles, places[name], program.Command, ["--state", StateOf(name), "--threads", "1", .. arguments], Log)
                {
                    IsGuest = isGuest,
                    Journal = roles is [NodeRoles.Coordinator] ? _journal : null,
                };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public ChaosLog Log { get; }

    public ChaosNetwork Network { get; }

    /// <summary>The server that has the journal; null where it is not the cluster's own.</summary>
    public ChaosDatabase? Database { get; }

    /// <summary>A small disk of <see cref="DiskNode"/>; null where this user may make none.</summary>
    public ChaosDisk? Disk { get; }

    public IReadOnlyList<ChaosNode> Nodes => _nodes;

    public IEnumerable<ChaosNode> Coordinators => _nodes.Where(node => node.IsCoordinator);

    /// <summary>Those that are meant to stay.</summary>
    public IEnumerable<ChaosNode> Workers => _nodes.Where(node => node is { IsCoordinator: false, IsGuest: false });

    public TimeSpan Elapsed => _watch.Elapsed;

    public string StateOf(string node) => Path.Combine(_directory, node);

    /// <summary>Starts all nodes but guests, and the campaign.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var node in _nodes.Where(node => !node.IsGuest))
        {
            node.Start();
        }
        await UntilAsync(
            "all nodes are up",
            async () => (await NodesAsync(cancellationToken)).Count == _nodes.Count(node => !node.IsGuest),
            cancellationToken);
        await SubmitAsync(10_000, cancellationToken);
    }

    /// <summary>Has the campaign go on to this round; one that waits for a coordinator is asked again.</summary>
    public Task SubmitAsync(int rounds, CancellationToken cancellationToken) => _program.RunAsync(
        [
            "submit", WriteCampaign(), "--rounds", $"{rounds}", "--join", string.Join(',', Coordinators.Select(node => node.Place.Join)),
            .. Network.Certificate is { } certificate ? ["--certificate", certificate] : Array.Empty<string>(),
        ],
        cancellationToken);

    /// <summary>The same campaign in one process that nobody disturbs.</summary>
    public async Task<IReadOnlyList<CampaignEvent>> RunQuietAsync(int rounds, CancellationToken cancellationToken)
    {
        await _program.RunAsync(
            ["run", WriteCampaign(), "--rounds", $"{rounds}", "--state", StateOf("quiet"), "--json"],
            cancellationToken);
        return CampaignReader.ReadEvents(Path.Combine(StateOf("quiet"), "campaign.db"));
    }

    /// <summary>All that happened to the campaign so far.</summary>
    public IReadOnlyList<CampaignEvent> ReadEvents() => _journal is { } journal
        ? CampaignReader.ReadEvents(journal, Campaign)
        : CampaignReader.ReadEvents(Path.Combine(StateOf(Coordinators.Single().Name), "campaigns.db"));

    /// <summary>What coordinators know of nodes that were heard of lately, by name.</summary>
    public async Task<IReadOnlyDictionary<string, JsonElement>> NodesAsync(CancellationToken cancellationToken) =>
        (await AskAsync("/nodes", cancellationToken))
            ?.GetProperty("nodes")
            .EnumerateArray()
            .Where(node => node.GetProperty("seconds_since_heard").GetDouble() < 2)
            .DistinctBy(node => node.GetProperty("name").GetString()!).ToDictionary(node => node.GetProperty("name").GetString()!) ?? [];

    /// <summary>The node that has the campaign; null where no coordinator answers.</summary>
    public async Task<ChaosNode?> HomeAsync(CancellationToken cancellationToken) =>
        (await AskAsync("/campaigns", cancellationToken))?.GetProperty("campaigns").EnumerateArray().FirstOrDefault()
            is { ValueKind: JsonValueKind.Object } campaign
            ? _nodes.Find(node => Network.HttpOf(node.Place) == new Uri(campaign.GetProperty("http").GetString()!))
            : null;

    public Task<JsonElement?> CampaignAsync(CancellationToken cancellationToken) => AskAsync($"/campaigns/{Campaign}", cancellationToken);

    /// <returns>Whether a coordinator took the command.</returns>
    public async Task<bool> CommandAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Post, path, cancellationToken);
        return answer is { IsSuccessStatusCode: true };
    }

    /// <exception cref="BenchmarkException">It takes more than five minutes.</exception>
    public static async Task UntilAsync(string what, Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > TimeSpan.FromMinutes(5))
            {
                throw new BenchmarkException($"it took more than 5 minutes until {what}");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
        }
    }

    public void Say(string line) => Console.Error.WriteLine($"{_watch.Elapsed:hh\\:mm\\:ss} {line}");

    public void Dispose()
    {
        foreach (var node in _nodes)
        {
            node.Dispose();
        }
        Database?.Dispose();
        Disk?.Dispose();
        Network.Dispose();
        _http?.Dispose();
        Log.Dispose();
    }

    private ChaosDatabase StartDatabase() => ChaosDatabase.Programs is null
        ? throw new BenchmarkException(
            "three coordinators share a journal on PostgreSQL: install it (apt-get install postgresql), or give an empty database with --journal postgres://…")
        : new ChaosDatabase(_directory, Network.Host);

    private async Task<JsonElement?> AskAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, cancellationToken);
        return answer is { IsSuccessStatusCode: true }
            ? JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken)).RootElement
            : null;
    }

    /// <returns>The first success, of those coordinators first that are well; else the last answer, or null where none answers.</returns>
    private async Task<HttpResponseMessage?> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        HttpResponseMessage? last = null;
        foreach (var node in Coordinators.OrderBy(node => node.IsWounded))
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(s_patience);
            try
            {
                using var request = new HttpRequestMessage(method, new Uri(Network.HttpOf(node.Place), path));
                var answer = await _http.SendAsync(request, patience.Token);
                last?.Dispose();
                last = answer;
                if (answer.IsSuccessStatusCode)
                {
                    break;
                }
            }
            catch (Exception e)
                when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // It is away.
            }
        }
        return last;
    }

    private string WriteCampaign()
    {
        var path = Path.Combine(_directory, $"{Campaign}.conf");
        File.WriteAllText(path, ConfOf(Campaign));
        return path;
    }

    /// <summary>A campaign of rounds that take a second.</summary>
    internal static string ConfOf(string campaign) =>
        $$"""
        campaign {
          name = {{campaign}}
          model = "{{BundledFiles.SeedModel}}"
          rounds = 1
          threads = 1
          prompts { tasks = [reverse, capitals, sort-numbers], per-round = 24 }
          generation { samples-per-prompt = 8, max-tokens = 24, context-tokens = 128, sequences = 8 }
          training { loss.type = [sigmoid, sft], learning-rate = 1.0e-4, warmup-steps = 1, batch-pairs = 2, max-length = 128, checkpoint-steps = 1 }
          evaluation { prompts-per-task = 4, max-tokens = 24, rollback-points = 100 }
          work.prompts-per-unit = 6
        }
        """;
}
