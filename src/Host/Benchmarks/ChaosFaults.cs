using System.Diagnostics;
using IterativeDpo.Generation;
using static IterativeDpo.Host.Benchmarks.ChaosCluster;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A fault that may be done now.</summary>
/// <param name="Met">Whom it meets.</param>
/// <param name="DoAsync">Does it and waits until all is well again; false where it did not come about.</param>
internal sealed record ChaosFault(string Kind, IReadOnlyList<ChaosNode> Met, Func<CancellationToken, Task<bool>> DoAsync);

/// <summary>What is done to a cluster, and how it is made good again.</summary>
internal sealed class ChaosFaults(ChaosCluster cluster, SplitMix64 random)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    /// <summary>Everybody has to find the coordinators again, and the campaign is to get on, before they are met once more.</summary>
    private static readonly TimeSpan s_respite = TimeSpan.FromSeconds(15);

    private volatile bool _databaseIsAway;
    private TimeSpan _coordinatorsRestUntil;

    /// <summary>One of those that <see cref="ChaosRule"/> allows now, each kind as likely; null where there is none.</summary>
    public ChaosFault? Choose()
    {
        ChaosFault[] possible = [.. Possible()];
        return possible.Length == 0 ? null : random.Pick(possible);
    }

    /// <summary>One of each kind, with whom it would meet.</summary>
    private IEnumerable<ChaosFault> Possible()
    {
        var chance = random.NextDouble();
        if (PickOf(cluster.Workers) is { } worker)
        {
            yield return Of("kill_worker", worker, token => KillAsync(worker, chance, token));
            yield return Of("kill_engine", worker, token => KillEngineAsync(worker, token));
            yield return Of("freeze_worker", worker, token => FreezeAsync(worker, chance, token));
            if (cluster.Coordinators.Any(node => !node.IsWounded))
            {
                yield return Of("drain", worker, token => DrainAsync(worker, chance, token));
            }
            yield return Of("terminate_worker", worker, token => TerminateAsync(worker, chance, token));
            if (cluster.Network.CanPart)
            {
                yield return Of("partition_worker", worker, token => CutAsync(worker, chance, token));
            }
        }
        var areMet = !_databaseIsAway && cluster.Elapsed >= _coordinatorsRestUntil;
        if (areMet && PickOf(cluster.Coordinators) is { } coordinator)
        {
            yield return Of("kill_coordinator", coordinator, token => KillAsync(coordinator, chance, token));
            yield return Of("terminate_coordinator", coordinator, token => TerminateAsync(coordinator, chance, token));
            yield return Of("freeze_coordinator", coordinator, token => FreezeAsync(coordinator, chance, token));
            if (cluster.Network.CanPart)
            {
                yield return Of("partition_coordinator", coordinator, token => CutAsync(coordinator, chance, token));
                if (Minority(coordinator) is { } minority)
                {
                    yield return new("partition_in_two", minority, token => PartAsync(minority, chance, token));
                }
            }
        }
        if (cluster.Database is { } database && areMet && !cluster.Coordinators.Any(node => node.IsWounded))
        {
            yield return new("database_away", [], token => TakeDatabaseAsync(database, chance, token));
        }
        if (cluster.Nodes.Where(node => node is { IsGuest: true, IsWounded: false }).ToList() is [_, ..] guests)
        {
            var guest = random.Pick(guests);
            yield return Of("add_node", guest, token => AddAsync(guest, chance, token));
        }
        if (cluster.Disk is { } disk
            && cluster.Nodes.Single(node => node.Name == DiskNode) is var full
            && ChaosRule.CanDoWithout(cluster.Nodes, full))
        {
            yield return Of("full_disk", full, token => FillAsync(full, disk, token));
        }
    }

    private static ChaosFault Of(string kind, ChaosNode node, Func<CancellationToken, Task<bool>> doAsync) => new(kind, [node], doAsync);

    private ChaosNode? PickOf(IEnumerable<ChaosNode> nodes) =>
        nodes.Where(node => ChaosRule.CanDoWithout(cluster.Nodes, node)).ToList() is [_, ..] possible ? random.Pick(possible) : null;

    /// <summary>A coordinator with as many workers at random as the others can do without; null where it is the only one.</summary>
    private IReadOnlyList<ChaosNode>? Minority(ChaosNode coordinator)
    {
        if (cluster.Coordinators.Count() == 1)
        {
            return null;
        }
        var workers = cluster.Workers.ToArray();
        random.Shuffle(workers.AsSpan());
        return workers.Aggregate<ChaosNode, IReadOnlyList<ChaosNode>>(
            [coordinator], (part, worker) => ChaosRule.CanDoWithout(cluster.Nodes, [.. part, worker]) ? [.. part, worker] : part);
    }

    private async Task<bool> KillAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        node.Kill();
        await ComeBackAsync(node, chance, cancellationToken);
        return true;
    }

    private async Task<bool> KillEngineAsync(ChaosNode node, CancellationToken cancellationToken)
    {
        node.KillChild();
        await HealAsync(node, cancellationToken);
        return true;
    }

    private async Task<bool> FreezeAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        node.Freeze();
        await SpellAsync(chance, cancellationToken);
        node.Wake();
        await HealAsync(node, cancellationToken);
        return true;
    }

    private async Task<bool> CutAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        cluster.Network.Cut(node.Name);
        await SpellAsync(chance, cancellationToken);
        cluster.Network.Heal(node.Name);
        await HealAsync(node, cancellationToken);
        return true;
    }

    private async Task<bool> PartAsync(IReadOnlyList<ChaosNode> part, double chance, CancellationToken cancellationToken)
    {
        cluster.Network.Part(part.Select(node => node.Name));
        await SpellAsync(chance, cancellationToken);
        foreach (var node in part)
        {
            cluster.Network.Heal(node.Name);
        }
        await Task.WhenAll(part.Select(node => HealAsync(node, cancellationToken)));
        return true;
    }

    private async Task<bool> TakeDatabaseAsync(ChaosDatabase database, double chance, CancellationToken cancellationToken)
    {
        _databaseIsAway = true;
        database.Kill();
        await Task.Delay(TimeSpan.FromSeconds(5 + 55 * chance), cancellationToken);
        database.Start();
        _coordinatorsRestUntil = cluster.Elapsed + 2 * s_respite;
        _databaseIsAway = false;
        return true;
    }

    private async Task<bool> DrainAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        // Who refuses may be new and not know the node yet; who does not answer may have passed it on.
        var isTaken = await cluster.CommandAsync($"/nodes/{node.Name}/drain", cancellationToken);
        if (!await Task.Run(() => node.HasEnded(isTaken ? s_patience : TimeSpan.FromSeconds(10)), cancellationToken))
        {
            node.IsWounded = false;
            return isTaken ? throw new BenchmarkException($"node {node.Name} does not leave, though it was drained") : false;
        }
        await ComeBackAsync(node, chance, cancellationToken);
        return true;
    }

    private async Task<bool> TerminateAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        node.Terminate();
        if (!await Task.Run(() => node.HasEnded(TimeSpan.FromSeconds(30)), cancellationToken))
        {
            throw new BenchmarkException($"node {node.Name} does not end on SIGTERM");
        }
        await ComeBackAsync(node, chance, cancellationToken);
        return true;
    }

    /// <summary>A new one comes, and goes without a word.</summary>
    private async Task<bool> AddAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        if (Directory.Exists(cluster.StateOf(node.Name)))
        {
            Directory.Delete(cluster.StateOf(node.Name), recursive: true);
        }
        node.Start();
        await Task.Delay(TimeSpan.FromSeconds(20 + 30 * chance), cancellationToken);
        node.Kill();
        node.IsWounded = false;
        return true;
    }

    /// <summary>
    /// The disk is full until work has met that, which is when the node steps back and says so; if none does, nothing has happened.
    /// </summary>
    private async Task<bool> FillAsync(ChaosNode node, ChaosDisk disk, CancellationToken cancellationToken)
    {
        disk.Fill();
        var watch = Stopwatch.StartNew();
        var isMet = false;
        while (!isMet && watch.Elapsed < TimeSpan.FromSeconds(25))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
            isMet = await HasTroubleAsync(node, cancellationToken) is true;
        }
        disk.Empty();
        await UntilAsync(
            $"{node.Name} has no trouble any more",
            async () => await HasTroubleAsync(node, cancellationToken) is false,
            cancellationToken);
        await HealAsync(node, cancellationToken);
        return isMet;
    }

    /// <returns>Null where no coordinator has heard of the node.</returns>
    private async Task<bool?> HasTroubleAsync(ChaosNode node, CancellationToken cancellationToken) =>
        (await cluster.NodesAsync(cancellationToken)).TryGetValue(node.Name, out var seen)
            ? seen.GetProperty("troubles").GetArrayLength() > 0
            : null;

    /// <summary>From 2 to 25 s: shorter and longer than others wait before they go on without a node.</summary>
    private static Task SpellAsync(double chance, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromSeconds(2 + 23 * chance), cancellationToken);

    private async Task ComeBackAsync(ChaosNode node, double chance, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds(5 * chance), cancellationToken);
        node.Start();
        await HealAsync(node, cancellationToken);
    }

    /// <summary>A node is well when coordinators have heard of it again; a coordinator, when all that are not wounded were.</summary>
    private async Task HealAsync(ChaosNode node, CancellationToken cancellationToken)
    {
        // What was heard of it before is forgotten then.
        await Task.Delay(TimeSpan.FromSeconds(3), cancellationToken);
        await UntilAsync($"{node.Name} is back", async () =>
        {
            var heard = await cluster.NodesAsync(cancellationToken);
            return heard.ContainsKey(node.Name)
                && (
                    !node.IsCoordinator
                    || cluster
                        .Nodes.Where(other => other is { IsGuest: false, IsWounded: false })
                        .All(other => heard.ContainsKey(other.Name)));
        }, cancellationToken);
        if (node.IsCoordinator)
        {
            _coordinatorsRestUntil = cluster.Elapsed + s_respite;
        }
        node.IsWounded = false;
    }
}
