using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Tasks;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>
/// What judging costs beside the judge's own work: a judge that takes no time, the real store, files, actors and journal.
/// </summary>
/// <param name="StageMillisecondsPerPrompt">The judge's worker alone: reading samples, asking the judge, storing verdicts.</param>
/// <param name="CampaignMillisecondsPerPrompt">All of the round, sampling and pairing by engines that take no time included: the most it
/// can be.</param>
public sealed record JudgingOverhead(
    int Prompts,
    int SamplesPerPrompt,
    double StageMillisecondsPerPrompt,
    double CampaignMillisecondsPerPrompt);

/// <summary>Stored samples through the verifier and the selection of pairs, in a process of its own.</summary>
/// <param name="PeakRssMib">Most memory of the process.</param>
public sealed record JudgingMeasurement(
    int Prompts,
    int SamplesPerPrompt,
    double SamplesMib,
    double VerifySeconds,
    double SelectSeconds,
    double TotalSeconds,
    int Pairs,
    int PeakRssMib);

/// <summary>Measures the judging and pairing of a round by the code that workers run.</summary>
public static class JudgingBenchmark
{
    private const int SamplesPerPrompt = 8;
    private const int UnitPrompts = 32;
    private const int OverheadPrompts = 4096;
    private static readonly int[] _sizes = [25_000, 100_000];

    /// <param name="worker">A command line that measures one size in a process of its own.</param>
    public static async IAsyncEnumerable<object> RunAsync(
        IReadOnlyList<string> worker, int threads, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return await OverheadAsync(cancellationToken);
        foreach (var size in _sizes)
        {
            Console.Error.WriteLine($"measuring: {size} prompts");
            yield return JsonSerializer.Deserialize<JudgingMeasurement>(
                await RunProcessAsync([.. worker, $"{size}", $"{threads}"], cancellationToken)
            )!;
        }
    }

    /// <summary>Measures one size and prints it as JSON: <c>PROMPTS THREADS</c>.</summary>
    public static async Task RunWorkerAsync(int prompts, int threads, TextWriter output, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("dpo-bench-judging-");
        try
        {
            var options = Configure(directory.FullName, prompts, $"judging.concurrency = {threads}").Options;
            var store = new ArtifactStore(Path.Combine(directory.FullName, "artifacts"));
            Digest[] units =
            [
                .. Enumerable
                    .Range(0, (prompts + UnitPrompts - 1) / UnitPrompts)
                    .Select(unit => store.Put(stream => SampleFile.Write(stream, Unit(unit, prompts)))),
            ];
            var start = Stopwatch.GetTimestamp();
            var judge = new UnitJudge(options, store, _ => new VerifierJudge(), TimeProvider.System);
            var judged = new List<JudgedUnit>(units.Length);
            for (var i = 0; i < units.Length; i++)
            {
                judged.Add(
                    new(
                        units[i],
                        (await judge.JudgeAsync(new JudgeOrder(new WorkId(1, Stage.Judge, i), units[i]), cancellationToken)).Verdicts));
            }
            var verified = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var pairs = new RoundPairs(options, store, Digest.Of([]), options.Judging.Judge, TimeProvider.System).Select(
                new PairOrder(new WorkId(1, Stage.Pair, 0), [.. judged], null));
            var total = Stopwatch.GetElapsedTime(start).TotalSeconds;
            output.WriteLine(JsonSerializer.Serialize(new JudgingMeasurement(
                prompts,
                SamplesPerPrompt,
                units.Sum(unit => new FileInfo(store.PathOf(unit)).Length) / (double)(1 << 20),
                verified,
                total - verified,
                total,
                pairs.PairCount,
                TrainerMeasurement.PeakMib())));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<JudgingOverhead> OverheadAsync(CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("dpo-bench-judging-");
        try
        {
            var engines = new CampaignEngines(() => new InstantGenerator(), () => new InstantTrainer(), _ => new InstantJudge());
            var outcome = await CampaignRunner.RunAsync(
                Configure(directory.FullName, OverheadPrompts, ""),
                Path.Combine(directory.FullName, "state"),
                engines,
                null,
                TimeProvider.System,
                cancellationToken);
            var round = outcome.State.Rounds[1];
            return new(
                OverheadPrompts,
                SamplesPerPrompt,
                1000 * round.Seconds(Stage.Judge) / OverheadPrompts,
                1000 * round.TotalSeconds / OverheadPrompts);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static CampaignConfiguration Configure(string directory, int prompts, string settings)
    {
        var path = Path.Combine(directory, "bench.conf");
        File.WriteAllText(
            path,
            $$"""
            campaign {
              name = bench
              model = "{{BundledFiles.SeedModel.Replace("\\", "\\\\", StringComparison.Ordinal)}}"
              rounds = 1
              prompts.per-round = {{prompts}}
              generation.samples-per-prompt = {{SamplesPerPrompt}}
              evaluation.prompts-per-task = 1
              work.prompts-per-unit = {{UnitPrompts}}
              {{settings}}
            }
            """);
        return CampaignConfiguration.Load(path);
    }

    /// <summary>Questions of all tasks by turns, answered like the seed policy does: some rightly, some with slips, some wrongly.</summary>
    private static IEnumerable<PromptSamples> Unit(int unit, int prompts)
    {
        var random = new SplitMix64(SampleSeed.Derive(1, unit, "bench", 0));
        for (var i = unit * UnitPrompts; i < Math.Min(prompts, (unit + 1) * UnitPrompts); i++)
        {
            var family = TaskTable.All[i % TaskTable.All.Count];
            var prompt = TaskGenerator.ToPrompt(family, TaskGenerator.Draw(random, family, Split.Train));
            var answer = prompt.Checks[0].Value;
            string[] texts = [answer, $"Sure! {answer}", $"wrong {random.Below(1000)}"];
            yield return new(
                prompt with { Id = $"{prompt.Id}-{i}" },
                Ids(prompt.Messages![0].Spell()),
                [.. Enumerable.Range(0, SamplesPerPrompt).Select(index => Answer(index, texts[random.Below(texts.Length)], random))]);
        }
    }

    private static Sample Answer(int index, string text, SplitMix64 random) =>
        new(index, random.Next(), Ids(text), [.. text.Select(_ => -(float)random.NextDouble())], text, FinishReason.Eos, 0.5f);

    private static int[] Ids(string text) => [.. text.Select(c => (int)c)];

    private static async Task<string> RunProcessAsync(string[] command, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}.");
    }
}
