using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Actors;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>What a campaign came to while its cluster changed from one build to another, node by node.</summary>
/// <param name="Versions">The versions that the cluster's nodes told at the same time, at each step those that were new.</param>
/// <param name="Upgrades">Nodes that changed from the other build to this one; one goes back and forth besides.</param>
/// <param name="LostUnits">Units of work that a quiet run of the same rounds has in its journal, and this one has not.</param>
/// <param name="UnexplainedPauses">How often the campaign paused: nothing that was done to it should make it.</param>
/// <param name="FinalEqualsQuietRun">Whether outcome, pairs, adapter and held-out answers of every round are those of the quiet
/// run.</param>
/// <param name="Seconds">From SIGTERM until the node was up again, by node.</param>
internal sealed record UpgradeResult(
    IReadOnlyList<string> Versions,
    int Upgrades,
    int Rounds,
    int LostUnits,
    int UnexplainedPauses,
    bool FinalEqualsQuietRun,
    IReadOnlyDictionary<string, double> Seconds)
{
    [JsonIgnore]
    public bool IsWell => this is { LostUnits: 0, UnexplainedPauses: 0, FinalEqualsQuietRun: true };
}

/// <summary>
/// A campaign on a cluster of real processes, whose nodes are stopped and started as another build one after the other, workers first; then
/// one goes back. The campaign has to come to what it comes to in one process of this build.
/// </summary>
/// <param name="command">A command line of this program that arguments are put after.</param>
/// <param name="other">The same of the other build.</param>
internal sealed class UpgradeBenchmark(IReadOnlyList<string> command, IReadOnlyList<string> other, string directory) : IDisposable
{
    private static readonly (string Name, string Roles)[] s_workers =
    [
        ("a", "generator,judge"),
        ("b", "generator,trainer"),
        ("c", "judge,trainer"),
    ];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly BenchCluster _cluster = new("upgrade", command, directory, certificate: null);
    private readonly Dictionary<string, double> _seconds = [];
    private readonly List<string> _versions = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private int _upgrades;

    /// <exception cref="BenchmarkException">A node does not end or start, or the campaign stands still.</exception>
    public async Task<UpgradeResult> RunAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, roles) in s_workers.Prepend((BenchCluster.Coordinator, BenchCluster.Coordinator)))
        {
            _cluster.Add(name, roles, other).Start();
        }
        await BenchCluster.UntilAsync(
            "all nodes are up",
            async () => (await SeenAsync(cancellationToken)).Count(BenchCluster.IsUp) == 1 + s_workers.Length,
            cancellationToken);
        await _cluster.SubmitAsync(10_000, cancellationToken);
        await UntilRoundsAsync(1, cancellationToken);
        foreach (var (name, roles) in s_workers.Append((BenchCluster.Coordinator, BenchCluster.Coordinator)))
        {
            await ChangeAsync(name, name, roles, command, cancellationToken);
            _upgrades++;
        }
        var (back, work) = s_workers[0];
        await ChangeAsync(back, $"{back}, back", work, other, cancellationToken);

        var rounds = (await _cluster.RoundAsync(cancellationToken) ?? 0) + 2;
        Say($"the campaign ends with round {rounds}");
        await _cluster.SubmitAsync(rounds, cancellationToken);
        await BenchCluster.UntilAsync(
            "the campaign has ended",
            async () => await _cluster.StatusAsync(cancellationToken) is "completed" or "paused",
            cancellationToken);
        var events = CampaignReader.ReadEvents(_cluster.Journal);
        Say($"the same {rounds} rounds in one process");
        var quiet = CampaignReader.ReadEvents(await _cluster.RunQuietlyAsync(rounds, cancellationToken));
        var compared = ChaosResult.Compare(new Dictionary<string, int>(), rounds, events, quiet, _cluster.Done);
        return new UpgradeResult(
            _versions,
            _upgrades,
            rounds,
            compared.LostUnits,
            compared.UnexplainedPauses,
            compared.FinalEqualsQuietRun,
            _seconds);
    }

    public void Dispose() => _cluster.Dispose();

    /// <summary>Stops a node, starts it as a build with the same state, and has the campaign go on for a round.</summary>
    private async Task ChangeAsync(string name, string what, string roles, IReadOnlyList<string> build, CancellationToken cancellationToken)
    {
        var round = await _cluster.RoundAsync(cancellationToken) ?? 0;
        Say($"{what} (round {round})");
        var before = (await SeenAsync(cancellationToken)).FirstOrDefault(node => BenchCluster.Text(node, "name") == name);
        var node = _cluster.Nodes.First(node => node.Name == name);
        var watch = Stopwatch.StartNew();
        node.Terminate();
        if (!await Task.Run(() => node.HasEnded(s_patience), cancellationToken))
        {
            throw new BenchmarkException($"node {name} does not end on SIGTERM");
        }
        node.Dispose();
        _cluster.Add(name, roles, build).Start();
        // A worker is at another port, and the coordinator tells of itself.
        await BenchCluster.UntilAsync($"{what} is up", async () => (await SeenAsync(cancellationToken)).Any(node =>
            BenchCluster.Text(node, "name") == name && BenchCluster.IsUp(node)
            && (name == BenchCluster.Coordinator || BenchCluster.Text(node, "address") != BenchCluster.Text(before, "address"))),
    cancellationToken);
        _seconds[what] = Math.Round(watch.Elapsed.TotalSeconds, 1);
        await BenchCluster.UntilAsync(
            "all nodes are there again",
            async () => (await SeenAsync(cancellationToken)).Count(BenchCluster.IsUp) == 1 + s_workers.Length,
            cancellationToken);
        await UntilRoundsAsync(round + 2, cancellationToken);
    }

    private Task UntilRoundsAsync(int rounds, CancellationToken cancellationToken) =>
        BenchCluster.UntilAsync(
            $"round {rounds} is done",
            async () =>
        await _cluster.StatusAsync(cancellationToken) == "paused"
            ? throw new BenchmarkException("the campaign is paused")
            : await _cluster.RoundAsync(cancellationToken) >= rounds, cancellationToken);

    /// <summary>The nodes, and notes which versions there are together.</summary>
    private async Task<IReadOnlyList<JsonElement>> SeenAsync(CancellationToken cancellationToken)
    {
        var seen = await _cluster.SeenAsync(cancellationToken);
        var together = string.Join(" + ", seen.Select(node => BenchCluster.Text(node, "version")).Distinct().Order(StringComparer.Ordinal));
        if (together.Length > 0 && _versions.LastOrDefault() != together)
        {
            _versions.Add(together);
        }
        return seen;
    }

    private void Say(string line) => Console.Error.WriteLine($"{_watch.Elapsed:hh\\:mm\\:ss} {line}");
}
