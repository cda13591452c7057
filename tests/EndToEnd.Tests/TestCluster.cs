using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>A cluster of real processes on this machine: a coordinator, two nodes that sample and judge, one that trains.</summary>
public sealed class TestCluster : IDisposable
{
    /// <summary>For whatever should take a few seconds, on a machine that is busy.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(40);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-cluster-");
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly Dictionary<string, DpoProcess> _nodes = [];
    private readonly int _port = FreePort();
    private readonly Dictionary<string, int> _httpPorts = [];

    public TestCluster()
    {
        Start("coordinator", "coordinator");
        Start("one", "generator,judge");
        Start("two", "generator,judge");
        Start("trainer", "trainer");
        // Meanwhile: what a campaign comes to in one process.
        using var run = DpoProcess.Run("run", Campaign("alone"), "--state", PathOf("alone"), "--json");
        Assert.True(run.ExitCode == 0, run.Errors);
        Alone = run.Json;
        Until(() => Nodes().Count == 4);
    }

    /// <summary>The summary of the campaign, run in one process.</summary>
    public JsonElement Alone { get; }

    /// <summary>What commands and nodes join.</summary>
    public string Join => $"127.0.0.1:{_port}";

    public string PathOf(string name) => Path.Combine(_directory.FullName, name);

    public Uri HttpOf(string node) => new($"http://127.0.0.1:{_httpPorts[node]}");

    public DpoProcess this[string node] => _nodes[node];

    /// <summary>Starts a node, or starts it again, at the same ports and with the same state.</summary>
    public DpoProcess Start(string name, string roles, params string[] more)
    {
        var isCoordinator = roles == "coordinator";
        var process = DpoProcess.Start(
        [
            "node", "--name", name, "--roles", roles, "--state", PathOf(name), "--threads", "1",
            "--http", (_httpPorts.TryGetValue(name, out var http) ? http : _httpPorts[name] = FreePort()).ToString(),
            .. isCoordinator ? ["--port", _port.ToString()] : new[] { "--join", Join }, .. more,
        ]);
        return _nodes[name] = process;
    }

    /// <summary>Makes sure that a worker is up.</summary>
    public void Ensure(string name, string roles)
    {
        if (_nodes[name].HasExited)
        {
            var process = Start(name, roles);
            Assert.True(process.WaitForLine(line => line.Contains("is up")), process.Errors);
        }
        Until(() => Nodes().Any(node => Text(node, "name") == name && Text(node, "state") == "up"));
    }

    /// <summary>A campaign file of a few seconds.</summary>
    public string Campaign(string name, string extra = "")
    {
        var path = PathOf($"{name}.conf");
        File.WriteAllText(path, $$"""
            campaign {
              name = {{name}}
              model = "{{Path.Combine(AppContext.BaseDirectory, "models", "seed.gguf")}}"
              rounds = 1
              threads = 1
              prompts { tasks = [reverse, capitals, sort-numbers], per-round = 24 }
              generation { samples-per-prompt = 16, max-tokens = 24, context-tokens = 128, sequences = 8 }
              training { loss.type = [sigmoid, sft], learning-rate = 1.0e-3, warmup-steps = 1, batch-pairs = 1, epochs = 2, max-length = 128, checkpoint-steps = 1 }
              evaluation { prompts-per-task = 8, max-tokens = 24, rollback-points = 100 }
              work.prompts-per-unit = 12
              {{extra}}
            }
            """);
        return path;
    }

    /// <summary>Runs a command against the cluster, to its end.</summary>
    public DpoProcess Run(params string[] arguments) => DpoProcess.Run([.. arguments, "--join", Join]);

    /// <summary>Begins a campaign.</summary>
    public void Submit(string name, string extra = "")
    {
        using var submit = Run("submit", Campaign(name, extra));
        Assert.True(submit.ExitCode == 0, submit.Errors);
    }

    /// <summary>What a node answers; null where it does not.</summary>
    public JsonElement? Ask(string path, string node = "coordinator")
    {
        try
        {
            using var response = _http.GetAsync(new Uri(HttpOf(node), path)).GetAwaiter().GetResult();
            return response.IsSuccessStatusCode
                ? JsonDocument.Parse(response.Content.ReadAsStringAsync().GetAwaiter().GetResult()).RootElement
                : null;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }

    public HttpStatusCode Status(string node, string path) =>
        _http.GetAsync(new Uri(HttpOf(node), path)).GetAwaiter().GetResult().StatusCode;

    public IReadOnlyList<JsonElement> Nodes(string seenFrom = "coordinator") =>
        [.. Ask("/nodes", seenFrom)?.GetProperty("nodes").EnumerateArray() ?? []];

    /// <summary>The work of a campaign in hand, with the node.</summary>
    public IReadOnlyList<(string Node, string Work)> InHand(string campaign, string seenFrom = "coordinator") =>
    [
        .. Nodes(seenFrom).SelectMany(node => node.GetProperty("in_hand").EnumerateArray()
            .Select(work => work.GetString()!)
            .Where(work => work.StartsWith($"{campaign} ", StringComparison.Ordinal))
            .Select(work => (Text(node, "name"), work))),
    ];

    /// <summary>Waits until the node has work of the campaign in hand.</summary>
    public string UntilAtWork(string campaign, string node) => UntilAtWork(campaign, held => held == node).Work;

    /// <summary>Waits until a worker has work of the campaign in hand.</summary>
    public (string Node, string Work) UntilAtWork(string campaign) => UntilAtWork(campaign, held => held != "coordinator");

    /// <summary>Waits for the end of a campaign, and compares what it came to with what it comes to in one process.</summary>
    public void AssertEndsLikeAlone(string campaign)
    {
        UntilStatus(campaign, "completed");
        Assert.Equal(ResultsOf(Alone), ResultsOf(Ask($"/campaigns/{campaign}/summary")!.Value));
    }

    public void UntilStatus(string campaign, string status) =>
        Until(() => Ask($"/campaigns/{campaign}") is { } view && Text(view, "status") == status);

    /// <summary>What must not depend on who did which work, and when.</summary>
    public static string ResultsOf(JsonElement summary) =>
        string.Join(
            '\n',
            new[] { Text(summary.GetProperty("baseline"), "heldout_accuracy") }.Concat(
        summary.GetProperty("rounds").EnumerateArray().Select(round => string.Join(
            ' ',
            Text(round, "samples"),
            Text(round, "generated_tokens"),
            Text(round, "pairs"),
            Text(round, "train"),
            Text(round.GetProperty("eval"), "heldout_accuracy")))));

    public static string Text(JsonElement document, string name) => document.GetProperty(name).ToString();

    public static void Until(Func<bool> condition, TimeSpan? patience = null)
    {
        var deadline = DateTime.UtcNow + (patience ?? s_patience);
        while (!condition())
        {
            if (DateTime.UtcNow >= deadline)
            {
                throw new TimeoutException("This took too long.");
            }
            Thread.Sleep(100);
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private (string Node, string Work) UntilAtWork(string campaign, Func<string, bool> isMeant)
    {
        (string Node, string Work) found = default;
        Until(() => (found = InHand(campaign).FirstOrDefault(held => isMeant(held.Node))).Work is not null);
        return found;
    }

    public void Dispose()
    {
        foreach (var node in _nodes.Values)
        {
            // A frozen one too.
            node.Dispose();
        }
        _http.Dispose();
        _directory.Delete(recursive: true);
    }
}
