using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;
using IterativeDpo.Actors.Security;
using IterativeDpo.Host.Nodes;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>The memory of the coordinator that grew most.</summary>
internal sealed record RssMib(double Before, double Peak, double After);

/// <summary>What strangers did to nodes, and got from them.</summary>
/// <param name="BytesAnsweredToStrangers">What ports that ask for a certificate gave to those without, beside the TLS handshake and its
/// alerts.</param>
/// <param name="Answers">Of the HTTP port that asks for none, by status.</param>
/// <param name="NodesLost">Processes that ended.</param>
/// <param name="UnreachableSeconds">For how long a coordinator did not answer its own, or had not heard of its worker.</param>
/// <param name="LoggedLines">What the nodes wrote in that time, all together, without a line for each unit that they did.</param>
/// <param name="Alive">Whether all nodes are up at the end, and the campaigns have gone on.</param>
internal sealed record PortsResult(
    double Minutes,
    long Connections,
    long BytesSent,
    long BytesAnsweredToStrangers,
    IReadOnlyDictionary<string, long> Answers,
    long ServerErrors,
    RssMib RssMib,
    int NodesLost,
    double UnreachableSeconds,
    long LoggedLines,
    bool Alive)
{
    private const double MostGrowth = 200, MostLinesPerSecond = 5;

    [JsonIgnore]
    public bool IsWell => this is { BytesAnsweredToStrangers: 0, ServerErrors: 0, NodesLost: 0, Alive: true }
        && RssMib.Peak - RssMib.Before <= MostGrowth && LoggedLines <= MostLinesPerSecond * 60 * Minutes;
}

/// <summary>
/// Two clusters of real processes, one with certificates and one on loopback without, each with a campaign; strangers talk to both ports of
/// both coordinators, by a seed.
/// </summary>
/// <param name="command">A command line of this program that arguments are put after.</param>
internal sealed class PortsBenchmark(IReadOnlyList<string> command, string directory, int seed) : IDisposable
{
    private const string Worker = "worker";

    private readonly BenchCluster[] _clusters =
    [
        new(
            "ports",
            command,
            Path.Combine(directory, "secured"),
            Certificates.Make(Path.Combine(directory, "certificates"), "node", [], 365, force: false, TimeProvider.System).Certificate),
        new("ports", command, Path.Combine(directory, "open"), certificate: null),
    ];

    private readonly NodeCertificate _foreign = NodeCertificate.Load(
        Certificates.Make(Path.Combine(directory, "foreign"), "node", [], 365, force: false, TimeProvider.System).Certificate,
        TimeProvider.System);

    private readonly Stopwatch _watch = Stopwatch.StartNew();

    private IEnumerable<ChaosNode> Nodes => _clusters.SelectMany(cluster => cluster.Nodes);

    /// <exception cref="BenchmarkException">A cluster does not start, or its campaign does not.</exception>
    public async Task<PortsResult> RunAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        foreach (var cluster in _clusters)
        {
            cluster.Add(BenchCluster.Coordinator, BenchCluster.Coordinator, command).Start();
            cluster.Add(Worker, "generator,judge,trainer", command).Start();
            await BenchCluster.UntilAsync("both nodes are up", () => AreUpAsync(cluster, cancellationToken), cancellationToken);
            await cluster.SubmitAsync(10_000, cancellationToken);
            await BenchCluster.UntilAsync(
                "a round is done",
                async () => await cluster.RoundAsync(cancellationToken) > 0,
                cancellationToken);
        }
        var (lines, rounds, processes) = (Lines(), await RoundsAsync(cancellationToken), Nodes.Select(node => node.Processes).ToArray());
        double[] before = [.. Coordinators.Select(Rss)];
        var (peak, unreachable, lost) = (before.ToArray(), 0.0, 0);
        Say($"strangers begin; the campaigns are in round {string.Join(" and ", rounds)}");

        var strangers = new Strangers(
            [
                .. _clusters.SelectMany(cluster =>
                    new StrangePort[]
                    {
                        new(cluster.Port, cluster.IsSecured, IsHttp: false),
                        new(cluster.HttpPort, cluster.IsSecured, IsHttp: true),
                    }),
            ],
            _foreign.Certificate, seed);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(duration);
        var began = _watch.Elapsed;
        var talk = strangers.RunAsync(end.Token);
        while (!talk.IsCompleted)
        {
            var at = _watch.Elapsed;
            await Task.WhenAny(talk, Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None));
            var up = await Task.WhenAll(_clusters.Select(cluster => AreUpAsync(cluster, cancellationToken)));
            unreachable += up.All(one => one) ? 0 : (_watch.Elapsed - at).TotalSeconds;
            peak = [.. peak.Zip(Coordinators.Select(Rss), Math.Max)];
            var now = Nodes.Select(node => node.Processes).ToArray();
            lost += processes.Zip(now).Sum(pair => pair.First.Except(pair.Second).Count());
            processes = now;
        }
        await talk;
        cancellationToken.ThrowIfCancellationRequested();
        var minutes = (_watch.Elapsed - began).TotalMinutes;
        var logged = Lines() - lines;
        Say("strangers are gone");
        await Task.Delay(TimeSpan.FromSeconds(15), cancellationToken);
        double[] after = [.. Coordinators.Select(Rss)];
        var ended = await RoundsAsync(cancellationToken);
        Say($"the campaigns are in round {string.Join(" and ", ended)}");
        var alive =
            (await Task.WhenAll(_clusters.Select(cluster => AreUpAsync(cluster, cancellationToken)))).All(up => up)
            && rounds.Zip(ended).All(pair => pair.Second > pair.First);
        var most = Enumerable.Range(0, before.Length).MaxBy(i => peak[i] - before[i]);
        return new PortsResult(
            Math.Round(minutes, 1),
            strangers.Connections,
            strangers.BytesSent,
            strangers.BytesAnswered,
            strangers.Answers,
            strangers.Answers.GetValueOrDefault("500"),
            new RssMib(before[most], peak[most], after[most]), lost, Math.Round(unreachable, 1), logged, alive);
    }

    public void Dispose()
    {
        foreach (var cluster in _clusters)
        {
            cluster.Dispose();
        }
        _foreign.Dispose();
    }

    /// <summary>The coordinators themselves, not their supervisors.</summary>
    private IEnumerable<ChaosNode> Coordinators => Nodes.Where(node => node.Name == BenchCluster.Coordinator);

    private async Task<int?[]> RoundsAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(_clusters.Select(cluster => cluster.RoundAsync(cancellationToken)));

    private static async Task<bool> AreUpAsync(BenchCluster cluster, CancellationToken cancellationToken) =>
        (await cluster.SeenAsync(cancellationToken)).Count(BenchCluster.IsUp) == 2;

    private long Lines() => _clusters.Sum(cluster => cluster.LoggedLines);

    /// <summary>Resident memory of a node's own process, in MiB; 0 where it is gone.</summary>
    private static double Rss(ChaosNode node)
    {
        try
        {
            var line = node
                .Processes.Skip(1)
                .SelectMany(process => File.ReadLines($"/proc/{process}/status"))
                .FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null
                ? 0
                : Math.Round(double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private void Say(string line) => Console.Error.WriteLine($"{_watch.Elapsed:hh\\:mm\\:ss} {line}");
}
