using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using IterativeDpo.Actors.Security;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>
/// A cluster of real processes on this machine, with a campaign of short rounds that goes on for as long as somebody looks.
/// </summary>
/// <param name="command">A command line of this program that arguments are put after.</param>
/// <param name="directory">Takes the nodes' states; its file nodes.log has their lines.</param>
/// <param name="certificate">Of all nodes, as a file; null is a cluster without.</param>
internal sealed class BenchCluster(string campaign, IReadOnlyList<string> command, string directory, string? certificate) : IDisposable
{
    public const string Coordinator = "coordinator";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private readonly ChaosProgram _program = new(command);
    private readonly ChaosLog _log = new(Path.Combine(Directory.CreateDirectory(directory).FullName, "nodes.log"));
    private readonly NodeCertificate? _certificate = certificate is null ? null : NodeCertificate.Load(certificate, TimeProvider.System);
    private readonly List<ChaosNode> _nodes = [];
    private HttpClient? _http;

    public IReadOnlyList<ChaosNode> Nodes => _nodes;

    /// <summary>Of the coordinator.</summary>
    public int Port { get; } = FreePort();

    /// <summary>Of the coordinator.</summary>
    public int HttpPort { get; } = FreePort();

    public bool IsSecured => certificate is not null;

    /// <summary>Lines that the nodes wrote.</summary>
    public long LoggedLines => _log.Lines;

    public IReadOnlyDictionary<WorkId, int> Done => _log.Done;

    public string Journal => Path.Combine(directory, Coordinator, "campaigns.db");

    private string ConfPath => Path.Combine(directory, $"{campaign}.conf");

    private string[] Shown => certificate is null ? [] : ["--certificate", certificate];

    private HttpClient Http =>
        _http ??= new HttpClient(_certificate?.CreateHttpHandler() ?? new SocketsHttpHandler { UseProxy = false })
        {
            Timeout = TimeSpan.FromSeconds(5),
        };

    /// <summary>A node that is not started yet, at the same ports and with the same state as one of this name before.</summary>
    /// <param name="build">The program that the node is of.</param>
    public ChaosNode Add(string name, string roles, IReadOnlyList<string> build)
    {
        var isCoordinator = name == Coordinator;
        string[] ports = isCoordinator ? ["--port", $"{Port}", "--http", $"{HttpPort}"] : ["--join", $"127.0.0.1:{Port}", "--http", "0"];
        var place = new ChaosPlace([], "127.0.0.1", isCoordinator ? Port : 0, isCoordinator ? HttpPort : 0, [.. ports, .. Shown]);
        var node = new ChaosNode(name, roles.Split(','), place, build, ["--state", Path.Combine(directory, name), "--threads", "1"], _log);
        _nodes.RemoveAll(known => known.Name == name);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Begins the campaign, or has it end with another round.</summary>
    public Task SubmitAsync(int rounds, CancellationToken cancellationToken)
    {
        File.WriteAllText(ConfPath, ChaosCluster.ConfOf(campaign));
        return _program.RunAsync(["submit", ConfPath, "--rounds", $"{rounds}", "--join", $"127.0.0.1:{Port}", .. Shown], cancellationToken);
    }

    /// <summary>The same campaign in one process.</summary>
    /// <returns>Its journal.</returns>
    public async Task<string> RunQuietlyAsync(int rounds, CancellationToken cancellationToken)
    {
        var state = Path.Combine(directory, "quiet");
        await _program.RunAsync(["run", ConfPath, "--rounds", $"{rounds}", "--state", state, "--json"], cancellationToken);
        return Path.Combine(state, "campaign.db");
    }

    /// <summary>The nodes as the coordinator knows them; none where it does not answer.</summary>
    public async Task<IReadOnlyList<JsonElement>> SeenAsync(CancellationToken cancellationToken) =>
        [.. (await AskAsync("/nodes", cancellationToken))?.GetProperty("nodes").EnumerateArray() ?? []];

    public async Task<string?> StatusAsync(CancellationToken cancellationToken) =>
        (await CampaignAsync(cancellationToken))?.GetProperty("status").GetString();

    /// <summary>Null where the coordinator does not answer.</summary>
    public async Task<int?> RoundAsync(CancellationToken cancellationToken) =>
        (await CampaignAsync(cancellationToken))?.GetProperty("rounds_done").GetInt32();

    /// <exception cref="BenchmarkException">It takes minutes.</exception>
    public static async Task UntilAsync(string what, Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > s_patience)
            {
                throw new BenchmarkException($"it took more than {s_patience.TotalMinutes:0} minutes until {what}");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(250), cancellationToken);
        }
    }

    public static bool IsUp(JsonElement node) => node.GetProperty("state").GetString() == "up";

    public static string Text(JsonElement node, string member) => node.GetProperty(member).ToString();

    public void Dispose()
    {
        foreach (var node in _nodes)
        {
            node.Dispose();
        }
        _http?.Dispose();
        _certificate?.Dispose();
        _log.Dispose();
    }

    private Task<JsonElement?> CampaignAsync(CancellationToken cancellationToken) => AskAsync($"/campaigns/{campaign}", cancellationToken);

    private async Task<JsonElement?> AskAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await Http.GetAsync(
                new Uri($"{(IsSecured ? "https" : "http")}://127.0.0.1:{HttpPort}{path}"),
                cancellationToken);
            return answer.IsSuccessStatusCode
                ? JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken)).RootElement
                : null;
        }
        catch (Exception e)
            when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
