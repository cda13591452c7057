using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Actors;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>What a campaign came to on a cluster whose nodes were killed, frozen, drained and starved.</summary>
/// <param name="Faults">How many, by kind.</param>
/// <param name="LostUnits">Units of work that a quiet run of the same rounds has in its journal, and this one has not.</param>
/// <param name="DoubleUnits">Units of work that were counted more than once.</param>
/// <param name="UnexplainedPauses">How often the campaign paused: nothing that was done to it should make it.</param>
/// <param name="FinalEqualsQuietRun">Whether outcome, pairs, adapter and held-out answers of every round are those of the quiet run.</param>
internal sealed record ChaosResult(
    IReadOnlyDictionary<string, int> Faults, int Rounds, int LostUnits, int DoubleUnits, int UnexplainedPauses, bool FinalEqualsQuietRun)
{
    [JsonIgnore]
    public bool IsWell => this is { LostUnits: 0, DoubleUnits: 0, UnexplainedPauses: 0, FinalEqualsQuietRun: true };
}

/// <summary>
/// A campaign on a cluster of real processes on this machine, whose nodes are killed, frozen, drained, added and starved at random, by a seed;
/// then the same campaign in one process that nobody disturbs. Both have to come to the same.
/// </summary>
/// <param name="command">A command line of this program that arguments are put after.</param>
internal sealed class ChaosBenchmark(IReadOnlyList<string> command, string directory, int seed) : IDisposable
{
    private const string Campaign = "chaos";
    private const string Coordinator = "coordinator";
    private const int DiskMegabytes = 256;
    private const int MostGuests = 2;

    private static readonly (string Name, string Roles)[] s_workers = [("a", "generator,judge"), ("b", "generator,trainer"), ("c", "judge,trainer")];
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private readonly SplitMix64 _random = new((ulong)seed);
    private readonly StreamWriter _log = new(Path.Combine(directory, "nodes.log")) { AutoFlush = true };
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly SortedDictionary<string, int> _faults = new(StringComparer.Ordinal);
    private readonly List<ChaosNode> _nodes = [];
    private readonly List<Task> _under = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly int _port = FreePort(), _httpPort = FreePort();
    private int _added, _guests;
    private string? _disk;

    private string ConfPath => Path.Combine(directory, $"{Campaign}.conf");

    /// <exception cref="BenchmarkException">The cluster does not start, or the campaign does not end.</exception>
    public async Task<ChaosResult> RunAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        File.WriteAllText(ConfPath, Conf);
        Say("partitions are left out: nodes on one loopback device cannot be parted");
        Add(Coordinator, Coordinator).Start();
        _disk = TryMount(Path.Combine(directory, "c"));
        foreach (var (name, roles) in s_workers)
        {
            Add(name, roles).Start();
        }
        await UntilAsync("all nodes are up", async () => (await AskAsync("/nodes", cancellationToken))?.GetProperty("nodes").GetArrayLength() == 1 + s_workers.Length, cancellationToken);
        await SubmitAsync(10_000, cancellationToken);

        while (_watch.Elapsed < duration)
        {
            await Task.Delay(TimeSpan.FromSeconds(2 + 10 * _random.NextDouble()), cancellationToken);
            await ResumeAsync(cancellationToken);
            if (Choose() is var (kind, node, fault))
            {
                _faults[kind] = _faults.GetValueOrDefault(kind) + 1;
                Say($"{kind} {node.Name} (round {await RoundAsync(cancellationToken)}, {_faults.Values.Sum()} faults)");
                node.IsWounded = true;
                _under.Add(fault(node, _random.NextDouble(), cancellationToken));
            }
        }
        await Task.WhenAll(_under);
        var rounds = await LastRoundAsync(cancellationToken);
        Say($"no more faults; the campaign ends with round {rounds}");
        await UntilAsync("the campaign has ended", async () =>
        {
            await ResumeAsync(cancellationToken);
            return await StatusAsync(cancellationToken) == "completed";
        }, cancellationToken);

        var chaos = CampaignReader.ReadEvents(Path.Combine(directory, Coordinator, "campaigns.db"));
        Say($"the same {rounds} rounds in one process, undisturbed");
        await DpoAsync(["run", ConfPath, "--rounds", $"{rounds}", "--state", Path.Combine(directory, "quiet"), "--json"], cancellationToken);
        var quiet = CampaignReader.ReadEvents(Path.Combine(directory, "quiet", "campaign.db"));
        return Compare(_faults, rounds, chaos, quiet);
    }

    public void Dispose()
    {
        foreach (var node in _nodes)
        {
            node.Dispose();
        }
        if (_disk is not null)
        {
            Run("umount", "-l", _disk);
        }
        _http.Dispose();
        _log.Dispose();
    }

    internal static ChaosResult Compare(
        IReadOnlyDictionary<string, int> faults, int rounds, IReadOnlyList<CampaignEvent> chaos, IReadOnlyList<CampaignEvent> quiet)
    {
        var counted = chaos.OfType<WorkCompleted>().CountBy(done => done.Result.Id).ToDictionary();
        return new ChaosResult(
            faults,
            rounds,
            quiet.OfType<WorkCompleted>().Count(done => !counted.ContainsKey(done.Result.Id)),
            counted.Values.Sum(times => times - 1),
            chaos.OfType<CampaignPaused>().Count(),
            ResultsOf(chaos).SequenceEqual(ResultsOf(quiet)));
    }

    /// <summary>What must not depend on who did which work, and when.</summary>
    private static IEnumerable<string> ResultsOf(IReadOnlyList<CampaignEvent> events) => events.Aggregate(CampaignState.Empty, CampaignHistory.Apply).Rounds.Select(
        round => $"{round.Number} {round.Outcome} {round.Prompts} {round.GeneratedTokens} {round.Pairs?.PairCount} {round.Training?.Adapter} {round.HeldOut} {round.MeanTokens}");

    /// <summary>A fault and whom it meets; null where nobody is well enough for another.</summary>
    private (string Kind, ChaosNode Node, Func<ChaosNode, double, CancellationToken, Task> Fault)? Choose()
    {
        (string Kind, Func<ChaosNode, bool> Meets, Func<ChaosNode, double, CancellationToken, Task> Fault)[] kinds =
        [
            ("kill_worker", IsWorker, KillAsync),
            ("kill_coordinator", node => node.Name == Coordinator, KillAsync),
            ("kill_engine", IsWorker, KillEngineAsync),
            ("freeze_worker", IsWorker, FreezeAsync),
            ("freeze_coordinator", node => node.Name == Coordinator, FreezeAsync),
            ("drain", IsWorker, DrainAsync),
            ("terminate", IsWorker, TerminateAsync),
            ("add_node", _ => true, AddAsync),
            .. _disk is null ? [] : new (string, Func<ChaosNode, bool>, Func<ChaosNode, double, CancellationToken, Task>)[] { ("full_disk", node => node.Name == "c", FillAsync) },
        ];
        var (kind, meets, fault) = _random.Pick(kinds);
        if (kind == "add_node")
        {
            return _guests < MostGuests ? (kind, Add($"x{++_added}", _random.Pick(s_workers).Roles), fault) : null;
        }
        ChaosNode[] met = [.. _nodes.Where(node => !node.IsWounded && meets(node))];
        return met.Length == 0 ? null : (kind, _random.Pick(met), fault);
    }

    private static bool IsWorker(ChaosNode node) => node.Name != Coordinator && !node.Name.StartsWith('x');

    private static async Task KillAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        node.Kill();
        await ComeBackAsync(node, chance, cancellationToken);
    }

    private static async Task KillEngineAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        node.KillChild();
        await HealAsync(node, cancellationToken);
    }

    private static async Task FreezeAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        node.Freeze();
        await Task.Delay(TimeSpan.FromSeconds(2 + 23 * chance), cancellationToken);
        node.Wake();
        await HealAsync(node, cancellationToken);
    }

    private async Task DrainAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        // Its coordinator may be away for the moment, or the node not in the cluster.
        using var answer = await SendAsync(HttpMethod.Post, $"/nodes/{node.Name}/drain", cancellationToken);
        if (answer is { IsSuccessStatusCode: true } && !await Task.Run(() => node.HasEnded(s_patience), cancellationToken))
        {
            throw new BenchmarkException($"node {node.Name} does not leave, though it was drained");
        }
        node.Kill();
        await ComeBackAsync(node, chance, cancellationToken);
    }

    private static async Task TerminateAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        node.Terminate();
        if (!await Task.Run(() => node.HasEnded(TimeSpan.FromSeconds(30)), cancellationToken))
        {
            throw new BenchmarkException($"node {node.Name} does not end on SIGTERM");
        }
        await ComeBackAsync(node, chance, cancellationToken);
    }

    private async Task AddAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _guests);
        node.Start();
        await Task.Delay(TimeSpan.FromSeconds(20 + 30 * chance), cancellationToken);
        node.Kill();
        Interlocked.Decrement(ref _guests);
    }

    private async Task FillAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        var filler = Path.Combine(_disk!, "filler");
        try
        {
            using var file = File.Create(filler);
            var block = new byte[1 << 20];
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // It is full.
        }
        await Task.Delay(TimeSpan.FromSeconds(5 + 20 * chance), cancellationToken);
        File.Delete(filler);
        await HealAsync(node, cancellationToken);
    }

    private static async Task ComeBackAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds(5 * chance), cancellationToken);
        node.Start();
        await HealAsync(node, cancellationToken);
    }

    private static async Task HealAsync(ChaosNode node, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds(8), cancellationToken);
        node.IsWounded = false;
    }

    private ChaosNode Add(string name, string roles)
    {
        string[] place = roles == Coordinator ? ["--port", $"{_port}", "--http", $"{_httpPort}"] : ["--join", $"127.0.0.1:{_port}", "--http", "0"];
        var node = new ChaosNode(name, command, ["--name", name, "--roles", roles, "--state", Path.Combine(directory, name), "--threads", "1", .. place], _log);
        _nodes.Add(node);
        return node;
    }

    private async Task ResumeAsync(CancellationToken cancellationToken)
    {
        if (await AskAsync($"/campaigns/{Campaign}", cancellationToken) is { } view && view.GetProperty("status").GetString() == "paused")
        {
            Say($"paused: {view.GetProperty("pause_reason")}");
            using var answer = await SendAsync(HttpMethod.Post, $"/campaigns/{Campaign}/resume", cancellationToken);
        }
    }

    private async Task<string?> StatusAsync(CancellationToken cancellationToken) => (await AskAsync($"/campaigns/{Campaign}", cancellationToken))?.GetProperty("status").GetString();

    private async Task<int?> RoundAsync(CancellationToken cancellationToken) => (await AskAsync($"/campaigns/{Campaign}", cancellationToken))?.GetProperty("rounds_done").GetInt32();

    /// <summary>Has the campaign end with the round after the next.</summary>
    private async Task<int> LastRoundAsync(CancellationToken cancellationToken)
    {
        int? done = null;
        await UntilAsync("the campaign answers", async () => (done = await RoundAsync(cancellationToken)) is not null, cancellationToken);
        await SubmitAsync(done!.Value + 2, cancellationToken);
        return done.Value + 2;
    }

    private Task SubmitAsync(int rounds, CancellationToken cancellationToken) =>
        DpoAsync(["submit", ConfPath, "--rounds", $"{rounds}", "--join", $"127.0.0.1:{_port}"], cancellationToken);

    private async Task DpoAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var process = MeasuredProcess.Start(new ProcessStartInfo(command[0], [.. command.Skip(1), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true });
        using var ending = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new BenchmarkException($"dpo {string.Join(' ', arguments)} ended with {process.ExitCode}: {await errors}{await output}");
        }
    }

    private async Task<JsonElement?> AskAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, cancellationToken);
        return answer is { IsSuccessStatusCode: true } ? JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken)).RootElement : null;
    }

    /// <returns>Null where the coordinator does not answer.</returns>
    private async Task<HttpResponseMessage?> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, $"http://127.0.0.1:{_httpPort}{path}");
            return await _http.SendAsync(request, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > s_patience)
            {
                throw new BenchmarkException($"it took more than {s_patience.TotalMinutes:0} minutes until {what}");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
        }
    }

    /// <summary>A small disk of its own; null where this user may make none.</summary>
    private string? TryMount(string path)
    {
        Directory.CreateDirectory(path);
        if (Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", $"size={DiskMegabytes}m", "tmpfs", path) == 0)
        {
            return path;
        }
        Say("full disks are left out: it takes root to make a small one");
        return null;
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = MeasuredProcess.Start(new ProcessStartInfo(program, arguments));
        process.WaitForExit();
        return process.ExitCode;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Say(string line) => Console.Error.WriteLine($"{_watch.Elapsed:hh\\:mm\\:ss} {line}");

    private static string Conf =>
        $$"""
        campaign {
          name = {{Campaign}}
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
