using IterativeDpo.Campaigns;
using IterativeDpo.Generation;
using static IterativeDpo.Host.Benchmarks.ChaosCluster;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>
/// A campaign on a cluster of real processes on this machine, whose nodes are killed, frozen, parted, drained, added and starved at random,
/// by a seed; then the same campaign in one process that nobody disturbs. Both have to come to the same.
/// </summary>
internal sealed class ChaosBenchmark(ChaosCluster cluster, int seed)
{
    private readonly SplitMix64 _random = new((ulong)seed);
    private readonly SortedDictionary<string, int> _faults = new(StringComparer.Ordinal);
    private readonly List<Task> _under = [];

    /// <exception cref="BenchmarkException">The cluster does not start, a node does not come back, or the campaign does not
    /// end.</exception>
    public async Task<ChaosResult> RunAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        await cluster.StartAsync(cancellationToken);
        var faults = new ChaosFaults(cluster, _random);
        var until = cluster.Elapsed + duration;
        while (cluster.Elapsed < until)
        {
            await Task.Delay(TimeSpan.FromSeconds(0.5 + 5 * _random.NextDouble()), cancellationToken);
            await LookAsync(cancellationToken);
            if (faults.Choose() is { } fault)
            {
                foreach (var node in fault.Met)
                {
                    node.IsWounded = true;
                }
                _under.Add(DoAsync(fault, cancellationToken));
            }
        }
        await Task.WhenAll(_under);
        cluster.Say("no more faults; the campaign ends in a few rounds");
        await cluster.SubmitAsync(await RoundsAsync(cancellationToken) + 2, cancellationToken);
        await UntilAsync("the campaign has ended", async () =>
        {
            await LookAsync(cancellationToken);
            return await StatusAsync(cancellationToken) == "completed";
        }, cancellationToken);

        var chaos = cluster.ReadEvents();
        // It may have begun another before it was told of its last.
        var rounds = chaos.OfType<RoundStarted>().Max(started => started.Round);
        cluster.Say($"the same {rounds} rounds in one process, undisturbed");
        return ChaosResult.Compare(_faults, rounds, chaos, await cluster.RunQuietAsync(rounds, cancellationToken), cluster.Log.Done);
    }

    private async Task DoAsync(ChaosFault fault, CancellationToken cancellationToken)
    {
        var what = string.Join(' ', fault.Met.Select(node => node.Name).Prepend(fault.Kind));
        cluster.Say(what);
        var came = await fault.DoAsync(cancellationToken);
        lock (_faults)
        {
            _faults[fault.Kind] = _faults.GetValueOrDefault(fault.Kind) + (came ? 1 : 0);
            cluster.Say($"{what}: {(came ? "over" : "did not come about")} ({_faults.Values.Sum()} faults)");
        }
    }

    /// <summary>Has a paused campaign go on, so that more can be learnt; ends with the first that went wrong.</summary>
    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (_under.Find(task => task.IsFaulted) is { } failed)
        {
            await failed;
        }
        if (await cluster.CampaignAsync(cancellationToken) is { } view && view.GetProperty("status").GetString() == "paused")
        {
            cluster.Say($"paused: {view.GetProperty("pause_reason")}");
            await cluster.CommandAsync($"/campaigns/{Campaign}/resume", cancellationToken);
        }
    }

    private async Task<string?> StatusAsync(CancellationToken cancellationToken) =>
        (await cluster.CampaignAsync(cancellationToken))?.GetProperty("status").GetString();

    private async Task<int> RoundsAsync(CancellationToken cancellationToken)
    {
        int? done = null;
        await UntilAsync(
            "the campaign answers",
            async () => (done = (await cluster.CampaignAsync(cancellationToken))?.GetProperty("rounds_done").GetInt32()) is not null,
            cancellationToken);
        return done!.Value;
    }
}
