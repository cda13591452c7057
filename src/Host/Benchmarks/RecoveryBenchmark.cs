using System.Diagnostics;
using System.Text.Json;
using IterativeDpo.Campaigns;
using static IterativeDpo.Host.Benchmarks.ChaosCluster;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>Of several measurements.</summary>
internal sealed record Spread(double Median, double Max)
{
    public static Spread Of(IEnumerable<double> seconds) => seconds.Order().ToList() is var ordered
        ? new(Math.Round(ordered[ordered.Count / 2], 1), Math.Round(ordered[^1], 1))
        : throw new UnreachableException();
}

/// <summary>How long it takes a cluster to go on, in seconds.</summary>
/// <param name="Times">How often each was measured.</param>
/// <param name="FailoverSeconds">With three coordinators: from kill -9 of the one that has the campaign until a result is journalled
/// elsewhere.</param>
/// <param name="CoordinatorAnswersSeconds">With a sole coordinator: from its start after kill -9 until it answers for the campaign.</param>
/// <param name="WorkersBackSeconds">The same until all workers are back.</param>
/// <param name="WorkElsewhereSeconds">From kill -9 of a worker with work in hand until that is in another's hand or counts.</param>
/// <param name="DrainIdleSeconds">From draining a node that has nothing in hand until its process has ended.</param>
/// <param name="DrainBusySeconds">The same for a node with work in hand.</param>
/// <param name="UpSeconds">From the start of a node, its processes among it, until the cluster knows it as up.</param>
internal sealed record RecoveryResult(
    int Coordinators,
    int Times,
    Spread? FailoverSeconds,
    Spread? CoordinatorAnswersSeconds,
    Spread? WorkersBackSeconds,
    Spread WorkElsewhereSeconds,
    Spread DrainIdleSeconds,
    Spread DrainBusySeconds,
    Spread UpSeconds);

/// <summary>Kills and drains nodes of a cluster at work, one after the other, and measures how long what follows takes.</summary>
internal sealed class RecoveryBenchmark(ChaosCluster cluster)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <exception cref="BenchmarkException">Something does not come back.</exception>
    public async Task<RecoveryResult> RunAsync(int times, CancellationToken cancellationToken)
    {
        await cluster.StartAsync(cancellationToken);
        await AllBackAsync(cancellationToken);
        var isSole = cluster.Coordinators.Count() == 1;
        var restarts = isSole ? await RepeatAsync("restart of the coordinator", times, RestartAsync, cancellationToken) : null;
        var failovers = isSole ? null : await RepeatAsync("failover", times, FailOverAsync, cancellationToken);
        var losses = await RepeatAsync("loss of a worker", times, LoseWorkerAsync, cancellationToken);
        var idle = await RepeatAsync(
            "drain of an idle node, and its start",
            times,
            token => DrainAsync(isIdle: true, token),
            cancellationToken);
        var busy = await RepeatAsync(
            "drain of a busy node, and its start",
            times,
            token => DrainAsync(isIdle: false, token),
            cancellationToken);
        return new RecoveryResult(
            cluster.Coordinators.Count(),
            times,
            failovers is null ? null : Spread.Of(failovers),
            restarts is null ? null : Spread.Of(restarts.Select(one => one.Answers)),
            restarts is null ? null : Spread.Of(restarts.Select(one => one.Back)),
            Spread.Of(losses),
            Spread.Of(idle.Select(one => one.Left)),
            Spread.Of(busy.Select(one => one.Left)),
            Spread.Of(idle.Concat(busy).Select(one => one.Up)));
    }

    /// <summary>Each time from a cluster that is well.</summary>
    private async Task<IReadOnlyList<T>> RepeatAsync<T>(
        string what,
        int times,
        Func<CancellationToken, Task<T>> measureAsync,
        CancellationToken cancellationToken)
    {
        var measured = new List<T>();
        for (var i = 0; i < times; i++)
        {
            measured.Add(await measureAsync(cancellationToken));
            cluster.Say($"{what}: {measured[^1]} s");
            await AllBackAsync(cancellationToken);
        }
        return measured;
    }

    private async Task<double> FailOverAsync(CancellationToken cancellationToken)
    {
        ChaosNode? home = null;
        await UntilAsync(
            "a coordinator has the campaign",
            async () => (home = await cluster.HomeAsync(cancellationToken)) is not null,
            cancellationToken);
        home!.Kill();
        var killed = Now;
        home.IsWounded = true;
        DateTimeOffset? after = null;
        await UntilAsync(
            "the campaign goes on elsewhere",
            () => Task.FromResult((after = FirstResultAfter(killed)) is not null),
            cancellationToken);
        home.Start();
        home.IsWounded = false;
        return (after!.Value - killed).TotalSeconds;
    }

    private async Task<(double Answers, double Back)> RestartAsync(CancellationToken cancellationToken)
    {
        var coordinator = cluster.Coordinators.Single();
        coordinator.Kill();
        coordinator.Start();
        var watch = Stopwatch.StartNew();
        await UntilAsync(
            "the coordinator answers",
            async () => await cluster.CampaignAsync(cancellationToken) is not null,
            cancellationToken);
        var answers = watch.Elapsed.TotalSeconds;
        await AllHeardAsync(cancellationToken);
        return (answers, watch.Elapsed.TotalSeconds);
    }

    private async Task<double> LoseWorkerAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var (node, unit) = await AtWorkAsync(cancellationToken);
            // What coordinators have heard of it is a moment old, and it may have told its result: while it stands still that can be found
            // out.
            node.Freeze();
            var (frozen, watch) = (Now, Stopwatch.StartNew());
            await Task.Delay(TimeSpan.FromMilliseconds(300), cancellationToken);
            if (Counts(unit) || !InHand(node.Name, await cluster.NodesAsync(cancellationToken)).Contains(unit))
            {
                node.Wake();
                continue;
            }
            node.Kill();
            await UntilAsync(
                $"{unit} is done elsewhere",
                async () =>
                    Counts(unit)
                    || (await cluster.NodesAsync(cancellationToken)).Any(other =>
                        other.Key != node.Name
                        && InHand(other.Key, new Dictionary<string, JsonElement> { [other.Key] = other.Value }).Contains(unit)),
                cancellationToken);
            var seconds = watch.Elapsed.TotalSeconds;
            node.Start();
            return seconds;
        }
    }

    private async Task<(double Left, double Up)> DrainAsync(bool isIdle, CancellationToken cancellationToken)
    {
        var node = isIdle ? cluster.Workers.First() : (await AtWorkAsync(cancellationToken)).Node;
        if (isIdle)
        {
            await CommandAsync($"/campaigns/{Campaign}/pause", cancellationToken);
            await UntilAsync(
                "nothing is in hand",
                async () =>
                    (await cluster.NodesAsync(cancellationToken)).All(other => other.Value.GetProperty("in_hand").GetArrayLength() == 0),
                cancellationToken);
        }
        var watch = Stopwatch.StartNew();
        await CommandAsync($"/nodes/{node.Name}/drain", cancellationToken);
        if (!await Task.Run(() => node.HasEnded(s_patience), cancellationToken))
        {
            throw new BenchmarkException($"node {node.Name} does not leave, though it was drained");
        }
        var left = watch.Elapsed.TotalSeconds;
        await UntilAsync(
            $"{node.Name} is forgotten",
            async () => !(await cluster.NodesAsync(cancellationToken)).ContainsKey(node.Name),
            cancellationToken);
        watch.Restart();
        node.Start();
        await UntilAsync(
            $"{node.Name} is up",
            async () => (await cluster.NodesAsync(cancellationToken)).ContainsKey(node.Name),
            cancellationToken);
        var up = watch.Elapsed.TotalSeconds;
        if (isIdle)
        {
            await CommandAsync($"/campaigns/{Campaign}/resume", cancellationToken);
        }
        return (left, up);
    }

    private Task CommandAsync(string path, CancellationToken cancellationToken) =>
        UntilAsync($"{path} is accepted", () => cluster.CommandAsync(path, cancellationToken), cancellationToken);

    private async Task<(ChaosNode Node, string Unit)> AtWorkAsync(CancellationToken cancellationToken)
    {
        (ChaosNode Node, string Unit)? found = null;
        await UntilAsync("a worker has work in hand", async () =>
        {
            var heard = await cluster.NodesAsync(cancellationToken);
            found = cluster
                .Workers.SelectMany(node => InHand(node.Name, heard).Select(unit => ((ChaosNode, string)?)(node, unit)))
                .FirstOrDefault();
            return found is not null;
        }, cancellationToken);
        return found!.Value;
    }

    /// <summary>Units that a node said it has in hand.</summary>
    private static IEnumerable<string> InHand(string node, IReadOnlyDictionary<string, JsonElement> heard) =>
        heard.TryGetValue(node, out var known)
            ? known.GetProperty("in_hand").EnumerateArray().Select(work => work.GetString()!.Split(' ')[1])
            : [];

    private bool Counts(string unit) => cluster.ReadEvents().OfType<WorkCompleted>().Any(done => done.Result.Id == WorkId.Parse(unit));

    private DateTimeOffset? FirstResultAfter(DateTimeOffset time) =>
        cluster.ReadEvents().OfType<WorkCompleted>().FirstOrDefault(done => done.At > time)?.At;

    private Task AllHeardAsync(CancellationToken cancellationToken) => UntilAsync("all are back", async () =>
        await cluster.NodesAsync(cancellationToken) is var heard
        && cluster.Nodes.Where(node => !node.IsGuest).All(node => heard.ContainsKey(node.Name)),
    cancellationToken);

    /// <summary>All are heard of, and have been for longer than what was heard before is remembered; the campaign works.</summary>
    private async Task AllBackAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds(3), cancellationToken);
        await AllHeardAsync(cancellationToken);
        var began = Now;
        await UntilAsync("the campaign goes on", () => Task.FromResult(FirstResultAfter(began) is not null), cancellationToken);
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();
}
