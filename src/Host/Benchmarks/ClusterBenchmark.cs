using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Nodes;
using IterativeDpo.Judging.Verifier;
using Microsoft.AspNetCore.Builder;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>How a cluster keeps engines of known speed at work.</summary>
/// <param name="SamplesPerSecond">While a round is sampled and judged.</param>
/// <param name="Speedup">Over the same campaign in one process.</param>
/// <param name="RoundSeconds">From the end of one round to that of the next, mean without the first.</param>
/// <param name="EngineSeconds">What the engines alone need for a round, as the plan lets them overlap.</param>
/// <param name="Overhead">What a round takes beyond that, as a share of it.</param>
public sealed record ClusterMeasurement(
    int Generators, int Staleness, double SamplesPerSecond, double Speedup, double RoundSeconds, double EngineSeconds, double Overhead);

/// <summary>
/// Campaigns on a coordinator, some generator nodes, a judge and a trainer node, each with an actor system and HTTP of its own on this
/// machine, with engines that wait instead of computing.
/// </summary>
internal sealed class ClusterBenchmark(string directory)
{
    private const int Prompts = 256, UnitPrompts = 16, SamplesPerPrompt = 4, Rounds = 4, HeldOut = 12;

    private static readonly TimeSpan s_each = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan s_training = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);

    public async IAsyncEnumerable<ClusterMeasurement> RunAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var alone = await OneProcessAsync(cancellationToken);
        yield return alone;
        foreach (var (generators, staleness) in new[] { (1, 0), (2, 0), (4, 0), (2, 1) })
        {
            yield return await MeasureAsync(generators, staleness, alone.SamplesPerSecond, cancellationToken);
        }
    }

    private async Task<ClusterMeasurement> OneProcessAsync(CancellationToken cancellationToken)
    {
        var watch = new RoundWatch();
        await CampaignRunner.RunAsync(
            Configure("alone", 0),
            Path.Combine(directory, "alone"),
            Engines(),
            new Progress(state => watch.See(state)),
            TimeProvider.System,
            cancellationToken);
        return watch.Measure(0, 0, 1, null);
    }

    private async Task<ClusterMeasurement> MeasureAsync(int generators, int staleness, double alone, CancellationToken cancellationToken)
    {
        var name = $"{generators}-{staleness}";
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var coordinator = await StartAsync($"{name}-coordinator", [NodeRoles.Coordinator], [], stop.Token);
        string[][] roles = [[NodeRoles.Judge], [NodeRoles.Trainer], .. Enumerable.Repeat(new[] { NodeRoles.Generator }, generators)];
        var others = new List<RunningNode>();
        foreach (var (index, role) in roles.Index())
        {
            others.Add(await StartAsync($"{name}-{index}", role, [coordinator.Place], stop.Token));
        }
        while (coordinator.Node.Table.Nodes.Count < 1 + others.Count)
        {
            await Task.Delay(s_look, cancellationToken);
        }
        var bundle = CampaignBundling.Bundle(Configure(name, staleness));
        var digest = coordinator.Store.Put(bundle.ToJson());
        await coordinator.Node.CommandAsync(name, new StartCampaign(bundle.Plan with { Bundle = digest }), cancellationToken);
        var watch = new RoundWatch();
        while (coordinator.Node.Board.Standings.GetValueOrDefault(name)?.State is not { Status: CampaignStatus.Completed })
        {
            if (coordinator.Node.Board.Standings.GetValueOrDefault(name)?.State is { } state)
            {
                watch.See(state);
                if (state.PauseReason is { } reason)
                {
                    throw new BenchmarkException($"the campaign paused: {reason}");
                }
            }
            await Task.Delay(s_look, cancellationToken);
        }
        watch.See(coordinator.Node.Board.Standings[name].State);
        await stop.CancelAsync();
        foreach (var node in others)
        {
            await node.DisposeAsync();
        }
        return watch.Measure(generators, staleness, generators, alone);
    }

    private async Task<RunningNode> StartAsync(
        string name,
        IReadOnlyList<string> roles,
        ImmutableArray<string> join,
        CancellationToken cancellationToken)
    {
        var state = Directory.CreateDirectory(Path.Combine(directory, name)).FullName;
        var store = StateDirectory.ArtifactsOf(state);
        var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        Node? node = null;
        var server = NodeServer.Build(new IPEndPoint(IPAddress.Loopback, 0), store, () => node, http, _ => { });
        await server.StartAsync(cancellationToken);
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        node = new Node(
            new NodeOptions(
                name,
                [.. roles],
                state,
                "127.0.0.1",
                0,
                new Uri(server.Urls.First()),
                join,
                null,
                1,
                "cpu",
                EngineInfo.ProgramVersion,
                false,
                long.MaxValue,
                TimeSpan.FromHours(1),
                null),
            store, http, (_, _) => Engines(), _ => up.TrySetResult(), TimeProvider.System);
        var running = Task.Run(() => node.RunAsync(cancellationToken), CancellationToken.None);
        await Task.WhenAny(up.Task, running);
        return new RunningNode(node, store, server, http, running);
    }

    private static CampaignEngines Engines() =>
        new(() => new TimedGenerator(s_each), () => new TimedTrainer(s_training), _ => new VerifierJudge());

    private CampaignConfiguration Configure(string name, int staleness)
    {
        var path = Path.Combine(directory, $"{name}.conf");
        File.WriteAllText(
            path,
            $$"""
            campaign {
              name = "{{name}}"
              model = "{{BundledFiles.SeedModel.Replace("\\", "\\\\", StringComparison.Ordinal)}}"
              rounds = {{Rounds}}
              prompts.per-round = {{Prompts}}
              generation.samples-per-prompt = {{SamplesPerPrompt}}
              evaluation.prompts-per-task = {{HeldOut / 12}}
              work { prompts-per-unit = {{UnitPrompts}}, staleness = {{staleness}} }
            }
            """);
        return CampaignConfiguration.Load(path);
    }

    private sealed record RunningNode(Node Node, ArtifactStore Store, WebApplication Server, HttpClient Http, Task Running)
        : IAsyncDisposable
    {
        /// <summary>Where others join it.</summary>
        public string Place =>
            new Uri(Node.Describe().Address.Replace("akka.tcp://iterative-dpo@", "tcp://", StringComparison.Ordinal)).Authority;

        public async ValueTask DisposeAsync()
        {
            await ((Task)Task.WhenAny(Running, Task.Delay(TimeSpan.FromSeconds(15)))).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing);
            await Node.DisposeAsync();
            await Server.DisposeAsync();
            Http.Dispose();
        }
    }

    private sealed class Progress(Action<CampaignState> see) : IProgress<CampaignProgress>
    {
        public void Report(CampaignProgress value) => see(value.State);
    }

    /// <summary>When rounds are sampled and when they end, seen from outside.</summary>
    private sealed class RoundWatch
    {
        private readonly Dictionary<int, (long Begun, long Sampled, long Ended)> _rounds = [];

        public void See(CampaignState state)
        {
            lock (_rounds)
            {
                var now = Stopwatch.GetTimestamp();
                foreach (var round in state.Rounds.Skip(1))
                {
                    var known = _rounds.GetValueOrDefault(round.Number, (now, 0, 0));
                    var isSampled = round.Judgements.Count == Prompts / UnitPrompts;
                    _rounds[round.Number] = (
                        known.Begun,
                        known.Sampled == 0 && isSampled ? now : known.Sampled,
                        known.Ended == 0 && round.Outcome is not null ? now : known.Ended);
                }
            }
        }

        public ClusterMeasurement Measure(int generators, int staleness, int atOnce, double? alone)
        {
            // The first round is the one in which nodes load what they need.
            var rate =
                (Rounds - 1)
                * Prompts
                * SamplesPerPrompt
                / _rounds.Where(round => round.Key > 1).Sum(round => Seconds(round.Value.Begun, round.Value.Sampled));
            var round = Seconds(_rounds[1].Ended, _rounds[Rounds].Ended) / (Rounds - 1);
            var (sampling, rest) = (s_each.TotalSeconds * Prompts / atOnce, s_training.TotalSeconds + s_each.TotalSeconds * HeldOut);
            var engines = staleness == 0 ? sampling + rest : Math.Max(sampling, rest);
            return new(generators, staleness, rate, rate / (alone ?? rate), round, engines, round / engines - 1);
        }

        private static double Seconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalSeconds;
    }
}
