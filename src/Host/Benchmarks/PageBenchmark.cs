using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Generation.Tasks;
using IterativeDpo.Host.Page;
using IterativeDpo.Judging;
using IterativeDpo.Training;
using Microsoft.AspNetCore.Builder;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A page of a campaign of many rounds.</summary>
/// <param name="ColdMilliseconds">The campaign's page, the first that this process ever makes: most of it is code being compiled.</param>
/// <param name="FirstPageMilliseconds">The same of a server that has just begun to listen and has read nothing.</param>
/// <param name="AgainMilliseconds">The same once more: the median of many.</param>
public sealed record FirstPageMeasurement(
    int Rounds,
    int SamplesPerRound,
    double ColdMilliseconds,
    double FirstPageMilliseconds,
    double AgainMilliseconds);

/// <summary>A search in pairs.</summary>
/// <param name="Milliseconds">The median of five, of the first one that one.</param>
/// <param name="ManagedMib">What is held after it.</param>
public sealed record PairSearchMeasurement(string Search, int Pairs, double Milliseconds, double ManagedMib);

/// <summary>Sampling beside readers of the page of a campaign that goes on: what they see changes every half a second.</summary>
/// <param name="PagesPerSecond">Pages that they fetched, all of them together.</param>
/// <param name="Ratio">Tokens per second with the readers over those without: the median of pairs of measures, one after the other.</param>
public sealed record ReadersMeasurement(int Readers, double TokensPerSecond, double PagesPerSecond, double Ratio);

/// <summary>Measures the page by HTTP: how soon it is there, how fast it searches, and what it costs a campaign.</summary>
internal static class PageBenchmark
{
    private const int Rounds = 50,
        Units = 32,
        UnitPrompts = 32,
        Samples = 8,
        PairsPerRound = 20_000,
        FewPairs = 100,
        Steps = 10_000,
        Again = 50,
        Searches = 5,
        Readers = 100,
        Repetitions = 8;

    /// <summary>How often the campaign goes on, and a browser fetches the page again at most.</summary>
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(500), s_pause = TimeSpan.FromSeconds(1);

    private static readonly string[] s_tasks = [.. Enumerable.Range(0, 10).Select(i => $"task-{i}")];

    private static readonly ImmutableSortedDictionary<string, double> s_metrics = new[]
    {
        "loss",
        "rewards/margins",
        "rewards/accuracies",
        "rewards/chosen",
        "rewards/rejected",
    }.ToImmutableSortedDictionary(name => name, _ => 0.5);

    private static readonly (string Name, string Query, int Times)[] s_searches =
    [
        ("the first, which goes through all files", "", 1),
        ("all", "", Searches),
        ("task and margin", "?task=task-3&min_margin=0.9", Searches),
        ("farthest apart first", "?sort=margin", Searches),
        ("a round, closest first", "?round=50&sort=close", Searches),
        ("one prompt", "?prompt=p19999", Searches),
        ("text in all", "?contains=no+such+text", Searches),
    ];

    public static async IAsyncEnumerable<object> RunAsync(LlamaOptions model, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("dpo-bench-page-");
        try
        {
            await Console.Error.WriteLineAsync(
                $"making: {Rounds} rounds of {Units * UnitPrompts * Samples} samples and {PairsPerRound} pairs");
            var finished = directory.CreateSubdirectory("finished").FullName;
            Make(finished, PairsPerRound, isTraining: false, cancellationToken);
            yield return await FirstPageAsync(finished, cancellationToken);
            await using var page = await StartAsync(finished);
            using var http = new HttpClient { BaseAddress = new(page.Urls.First()), Timeout = TimeSpan.FromMinutes(5) };
            foreach (var (name, query, count) in s_searches)
            {
                await Console.Error.WriteLineAsync($"measuring: pairs, {name}");
                var times = new List<double>();
                for (var i = 0; i < count; i++)
                {
                    times.Add(await TimeAsync(http, $"/pairs{query}", cancellationToken));
                }
                yield return new PairSearchMeasurement(
                    name,
                    Rounds * PairsPerRound,
                    Median(times),
                    GC.GetTotalMemory(forceFullCollection: true) / (double)(1 << 20));
            }
            await Console.Error.WriteLineAsync($"measuring: {Readers} readers");
            var running = directory.CreateSubdirectory("running").FullName;
            Make(running, FewPairs, isTraining: true, cancellationToken);
            yield return await ReadersAsync(model, running, cancellationToken);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<FirstPageMeasurement> FirstPageAsync(string statePath, CancellationToken cancellationToken)
    {
        var cold = await FirstAsync();
        // Another server, which knows nothing of what the one before has read.
        var first = await FirstAsync();
        await using var page = await StartAsync(statePath);
        using var http = new HttpClient { BaseAddress = new(page.Urls.First()) };
        await TimeAsync(http, "/", cancellationToken);
        var again = new List<double>();
        for (var i = 0; i < Again; i++)
        {
            again.Add(await TimeAsync(http, "/", cancellationToken));
        }
        return new(Rounds, Units * UnitPrompts * Samples, cold, first, Median(again));

        async Task<double> FirstAsync()
        {
            var data = new PageData(new CampaignFeed(statePath, TimeProvider.System));
            await using var page = await StartAsync(data);
            using var http = new HttpClient { BaseAddress = new(page.Urls.First()) };
            var time = await TimeAsync(http, "/", cancellationToken);
            await UntilMeasuredAsync(data, cancellationToken);
            return time;
        }
    }

    /// <summary>Measures with and without readers in turns, so that what else is on the machine is on both.</summary>
    private static async Task<ReadersMeasurement> ReadersAsync(LlamaOptions model, string statePath, CancellationToken cancellationToken)
    {
        var feed = new CampaignFeed(statePath, TimeProvider.System);
        var data = new PageData(feed);
        await using var page = await StartAsync(data);
        await UntilMeasuredAsync(data, cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = GoOnAsync(feed, stop.Token);
        using var generator = LlamaGenerator.Load(model);
        GenerationRequest[] requests =
        [
            .. TaskGenerator.Prompts(seed: 1, [.. TaskTable.All.Select(task => task.Name)], 128, Split.Train)
                .Select(prompt => new GenerationRequest(
                    prompt,
                    [.. Enumerable.Range(0, Samples).Select(i => SampleSeed.Derive(1, 0, prompt.Id, i))])),
        ];
        await RateAsync();
        var (rates, ratios, pages) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < Repetitions; i++)
        {
            var alone = await RateAsync();
            using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 2 * Readers })
            {
                BaseAddress = new(page.Urls.First()),
            };
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var began = Stopwatch.GetTimestamp();
            Task<int>[] readers = [.. Enumerable.Range(0, Readers).Select(_ => ReadAsync(http, end.Token))];
            var beside = await RateAsync();
            await end.CancelAsync();
            pages.Add((await Task.WhenAll(readers)).Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds);
            rates.Add(alone);
            ratios.Add(beside / alone);
        }
        await stop.CancelAsync();
        await running;
        return new(Readers, Median(rates), Median(pages), Median(ratios));

        async Task<double> RateAsync()
        {
            var (before, start) = (generator.GeneratedTokens, Stopwatch.GetTimestamp());
            await generator.GenerateAsync(requests, new SamplingOptions(MaxTokens: 32), _ => { }, cancellationToken);
            return (generator.GeneratedTokens - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    /// <summary>A training that takes a step now and then.</summary>
    private static async Task GoOnAsync(CampaignFeed feed, CancellationToken end)
    {
        var state = feed.Now().State;
        for (var step = 1; !end.IsCancellationRequested; step++)
        {
            feed.Report(new(state, new(new(Rounds, Stage.Train, 0), step, Steps, 0, 0, s_metrics)));
            await Task.Delay(s_step, end)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    /// <summary>Watches, and fetches the page when it is another one, as the page's script does.</summary>
    /// <returns>How often it was fetched.</returns>
    private static async Task<int> ReadAsync(HttpClient http, CancellationToken end)
    {
        var (pages, shown, fetched) = (0, "", 0L);
        try
        {
            using var lines = new StreamReader(await http.GetStreamAsync(new Uri("/live", UriKind.Relative), end));
            while (await lines.ReadLineAsync(end) is { } line)
            {
                if (line.StartsWith("data: ", StringComparison.Ordinal)
                    && line != shown
                    && (fetched == 0 || Stopwatch.GetElapsedTime(fetched) >= s_pause))
                {
                    (shown, fetched) = (line, Stopwatch.GetTimestamp());
                    await http.GetByteArrayAsync(new Uri("/", UriKind.Relative), end);
                    pages++;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It was measured.
        }
        return pages;
    }

    private static async Task<double> TimeAsync(HttpClient http, string path, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        var time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return answer.IsSuccessStatusCode
            ? time
            : throw new BenchmarkException(
                $"the page answers {(int)answer.StatusCode} to {path}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
    }

    private static Task<WebApplication> StartAsync(string statePath) =>
        StartAsync(new PageData(new CampaignFeed(statePath, TimeProvider.System)));

    private static Task<WebApplication> StartAsync(PageData data) =>
        PageServer.StartAsync(new(new(IPAddress.Loopback, 0), [], IsGiven: true), data);

    /// <summary>How judges did is measured once, beside everything else, after a page was opened.</summary>
    private static async Task UntilMeasuredAsync(PageData data, CancellationToken cancellationToken)
    {
        for (data.Judges(data.Feed.Now()); data.Unmeasured(data.Feed.Now()) > 0;)
        {
            await Task.Delay(s_step, cancellationToken);
        }
    }

    /// <summary>A campaign as it lies on the disk. All rounds have the same samples, and each has pairs of its own.</summary>
    /// <param name="isTraining">Whether its last round is being trained; else it is finished.</param>
    private static void Make(string statePath, int pairs, bool isTraining, CancellationToken cancellationToken)
    {
        var store = StateDirectory.ArtifactsOf(statePath);
        var conf = Path.Combine(statePath, "page.conf");
        File.WriteAllText(conf, "campaign { name = page, model = page.gguf, rounds = 50 }");
        File.WriteAllText(Path.Combine(statePath, "campaign.json"), CampaignConfiguration.Load(conf).Json);
        CampaignDatabase.Prepare(CampaignReader.DatabasePath(statePath));
        var units = Enumerable.Range(0, Units).Select(unit => Unit(store, unit)).ToArray();
        var at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var plan = new CampaignPlan(
            "page",
            Digest.Of("page"u8),
            Rounds,
            Units * UnitPrompts,
            UnitPrompts,
            UnitPrompts,
            3,
            PairData.New,
            PolicyOrigin.Previous,
            ReferenceOrigin.Base,
            null);
        List<CampaignEvent> events =
        [
            new CampaignStarted(plan, at),
            new RoundStarted(0, null, at),
            .. Evaluated(0),
            new RoundCompleted(0, RoundOutcome.Kept, at),
        ];
        for (var round = 1; round <= Rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            events.Add(new RoundStarted(round, null, Next()));
            foreach (var (unit, (samples, verdicts)) in units.Index())
            {
                events.Add(
                    new WorkCompleted(
                        new SampleResult(new(round, Stage.Sample, unit), samples, UnitPrompts, UnitPrompts * Samples, 2000, 0.5, 1),
                        Next()));
                events.Add(
                    new WorkCompleted(
                        new JudgeResult(
                            new(round, Stage.Judge, unit),
                            verdicts,
                            0,
                            0,
                            ImmutableSortedDictionary<string, TaskScore>.Empty,
                            0.1),
                        Next()));
            }
            var number = round;
            events.Add(
                new WorkCompleted(
                    new PairResult(
                        new(round, Stage.Pair, 0),
                        store.Put(stream => PairFile.Write(stream, Enumerable.Range(0, pairs).Select(i => Pair(number, i)))),
                        pairs,
                        0,
                        0,
                        1),
                    Next()));
            if (isTraining && round == Rounds)
            {
                break;
            }
            var history = store.Put(stream =>
                MetricsLog.Write(
                    stream,
                    Enumerable
                        .Range(1, 100)
                        .Select(step => new TrainingStep(
                            step,
                            100,
                            new Dictionary<string, double> { ["loss"] = 1.0 / step, ["rewards/margins"] = number }))));
            events.Add(
                new WorkCompleted(
                    new TrainResult(new(round, Stage.Train, 0), store.Put(new[] { (byte)round }), history, 100, s_metrics, 10),
                    Next()));
            events.Add(new WorkCompleted(new PublishResult(new(round, Stage.Publish, 0), Digest.Of([(byte)round]), 0.1), Next()));
            events.AddRange(Evaluated(round));
            events.Add(new RoundCompleted(round, RoundOutcome.Kept, Next()));
        }
        if (!isTraining)
        {
            events.Add(new CampaignCompleted(Next()));
        }
        CampaignDatabase.Begin(CampaignReader.DatabasePath(statePath), CampaignActor.PersistenceIdOf("page"), events);

        DateTimeOffset Next() => at += TimeSpan.FromSeconds(1);

        IEnumerable<CampaignEvent> Evaluated(int round) =>
        [
            new WorkCompleted(
                new SampleResult(new(round, Stage.Evaluate, 0), units[0].Samples, UnitPrompts, UnitPrompts, 500, 0.5, 1),
                Next()),
            new WorkCompleted(
                new JudgeResult(
                    new(round, Stage.Grade, 0),
                    units[0].Verdicts,
                    0,
                    0,
                    s_tasks.ToImmutableSortedDictionary(task => task, _ => new TaskScore(round, Rounds)),
                    0.1),
                Next()),
        ];
    }

    private static (Digest Samples, Digest Verdicts) Unit(ArtifactStore store, int unit)
    {
        PromptSamples[] prompts =
        [
            .. Enumerable.Range(unit * UnitPrompts, UnitPrompts).Select(i => new PromptSamples(
                new Prompt($"p{i}", null, $"What comes after {i}?", s_tasks[i % s_tasks.Length], []), [1, 2, 3],
                [
                    .. Enumerable
                        .Range(0, Samples)
                        .Select(index => new Sample(
                            index,
                            (ulong)index,
                            [index, 2, 3],
                            [-1, -1, -1],
                            $"The answer is {i + index}.",
                            FinishReason.Eos,
                            0.5f)),
                ])),
        ];
        return (
            store.Put(stream => SampleFile.Write(stream, prompts)),
            store.Put(stream =>
                VerdictFile.Write(
                    stream,
                    prompts.Select(prompt => new PromptVerdict(
                        prompt.Prompt.Id,
                        new([.. prompt.Samples.Select(sample => new Judgement(sample.Index, sample.Index / 8.0, "by index"))]))))));
    }

    private static PairRecord Pair(int round, int i) => new(
        new PreferencePair($"p{i}", [1, 2, 3], [4, 5, 6], [7, 8]),
        new PairProvenance(
            s_tasks[i % s_tasks.Length],
            $"What comes after {i}?",
            $"The answer is {i + 1}.",
            $"The answer is {i}, or so.",
            0,
            1,
            1,
            2,
            (i % 100) / 100.0 + 0.01,
            0,
            "verifier",
            "temperature 1",
            Digest.Of("base"u8),
            null,
            round));

    private static double Median(IEnumerable<double> values)
    {
        double[] ordered = [.. values.Order()];
        return ordered[ordered.Length / 2];
    }
}
