using System.Diagnostics;
using System.Runtime.CompilerServices;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Batching;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Generation.Tasks;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>What generation costs on top of the model's own work. Rates are medians over the repetitions, in completion tokens.</summary>
/// <param name="What">Sampling as for training, or greedy answers as for evaluation.</param>
/// <param name="BareTokensPerSecond">The same batches through llama.cpp, with no tokenising, sampling, text or records.</param>
/// <param name="Ratio">Median over the repetitions of our rate over the bare one, the two run one after the other.</param>
/// <param name="PromptTokens">Mean length of a prompt.</param>
/// <param name="NewTokens">Mean length of a completion.</param>
/// <param name="Threads">Ours; the best of those that were tried.</param>
/// <param name="BareThreads">The bare loop's, the best of the same.</param>
/// <param name="Neighbours">Busy processes that were beside both.</param>
public sealed record GenerationBenchmarkResult(
    string What,
    double TokensPerSecond,
    double BareTokensPerSecond,
    double Ratio,
    int Sequences,
    int SamplesPerPrompt,
    double PromptTokens,
    double NewTokens,
    int Threads,
    int BareThreads,
    int Neighbours);

/// <summary>
/// Measures <see cref="LlamaGenerator"/> on prompts of the generated tasks, against a bare decode loop over the same batches.
/// </summary>
public static class GenerationBenchmark
{
    private const int Repetitions = 9, TrialRepetitions = 3;

    private static readonly Work[] _work =
    [
        new("sampling", SamplesPerPrompt: 8, Prompts: 128, new SamplingOptions(MaxTokens: 32)),
        new("evaluation", SamplesPerPrompt: 1, Prompts: 1024, new SamplingOptions(MaxTokens: 32, Temperature: 0)),
    ];

    /// <summary>Eight samples a prompt, then one greedy answer to each of as many prompts as there were samples.</summary>
    /// <param name="threads">Numbers of threads that each side is tried with.</param>
    /// <param name="neighbours">How many are on the machine now; the caller has them.</param>
    public static async IAsyncEnumerable<GenerationBenchmarkResult> RunAsync(
        LlamaOptions model, IReadOnlyList<int> threads, int neighbours, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var work in _work)
        {
            yield return await MeasureAsync(work, model, threads, neighbours, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<GenerationBenchmarkResult> MeasureAsync(
        Work work, LlamaOptions model, IReadOnlyList<int> threads, int neighbours, CancellationToken cancellationToken)
    {
        var sides = new List<Side>();
        try
        {
            foreach (var count in threads)
            {
                sides.Add(await Side.LoadAsync(work, model with { Threads = count }, cancellationToken).ConfigureAwait(false));
            }
            var ours = await BestAsync(sides, side => side.OursAsync(cancellationToken)).ConfigureAwait(false);
            var bare = await BestAsync(sides, side => side.BareAsync(cancellationToken)).ConfigureAwait(false);
            var rates = new List<(double Ours, double Bare)>();
            for (var i = 0; i < Repetitions; i++)
            {
                rates.Add(
                    (
                        await ours.OursAsync(cancellationToken).ConfigureAwait(false),
                        await bare.BareAsync(cancellationToken).ConfigureAwait(false)));
            }
            return new(
                work.What,
                Median(rates.Select(rate => rate.Ours)),
                Median(rates.Select(rate => rate.Bare)),
                Median(rates.Select(rate => rate.Ours / rate.Bare)),
                model.Sequences,
                work.SamplesPerPrompt,
                (double)ours.Trace.PromptTokens / work.Prompts,
                (double)ours.Tokens / (work.Prompts * work.SamplesPerPrompt),
                ours.Threads,
                bare.Threads,
                neighbours);
        }
        finally
        {
            sides.ForEach(side => side.Dispose());
        }
    }

    private static async Task<Side> BestAsync(IReadOnlyList<Side> sides, Func<Side, Task<double>> measure)
    {
        var rates = new List<double>();
        foreach (var side in sides.Count > 1 ? sides : [])
        {
            var trial = new List<double>();
            for (var i = 0; i < TrialRepetitions; i++)
            {
                trial.Add(await measure(side).ConfigureAwait(false));
            }
            rates.Add(Median(trial));
        }
        return rates.Count == 0 ? sides[0] : sides[rates.IndexOf(rates.Max())];
    }

    private static double Median(IEnumerable<double> values)
    {
        var ordered = values.Order().ToList();
        return ordered[ordered.Count / 2];
    }

    private sealed record Work(string What, int SamplesPerPrompt, int Prompts, SamplingOptions Options)
    {
        public GenerationRequest[] Requests() =>
        [
            .. TaskGenerator.Prompts(seed: 1, [.. TaskTable.All.Select(task => task.Name)], Prompts, Split.Train)
                .Select(prompt => new GenerationRequest(
                    prompt, [.. Enumerable.Range(0, SamplesPerPrompt).Select(i => SampleSeed.Derive(1, 0, prompt.Id, i))])),
        ];
    }

    /// <summary>A generator with so many threads, and the batches that its work comes down to.</summary>
    /// <param name="Tokens">Completion tokens of a repetition.</param>
    private sealed record Side(
        LlamaGenerator Generator,
        int Threads,
        GenerationRequest[] Requests,
        SamplingOptions Options,
        DecodeTrace Trace,
        long Tokens) : IDisposable
    {
        /// <summary>The traced run also warms up: code is compiled, buffers are there.</summary>
        public static async Task<Side> LoadAsync(Work work, LlamaOptions model, CancellationToken cancellationToken)
        {
            var generator = LlamaGenerator.Load(model);
            try
            {
                var requests = work.Requests();
                var trace = await OnOwnThread(() => generator.Trace(requests, work.Options, cancellationToken)).ConfigureAwait(false);
                return new(generator, model.Threads, requests, work.Options, trace, generator.GeneratedTokens);
            }
            catch
            {
                generator.Dispose();
                throw;
            }
        }

        /// <summary>Our tokens per second.</summary>
        public Task<double> OursAsync(CancellationToken cancellationToken) =>
            RateAsync(() => Generator.GenerateAsync(Requests, Options, _ => { }, cancellationToken));

        /// <summary>The bare loop's.</summary>
        public Task<double> BareAsync(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return RateAsync(() => OnOwnThread(() => { Trace.Replay(); return 0; }));
        }

        public void Dispose() => Generator.Dispose();

        private async Task<double> RateAsync(Func<Task> run)
        {
            var start = Stopwatch.GetTimestamp();
            await run().ConfigureAwait(false);
            return Tokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        /// <summary>On a thread of its own, as the generator decodes.</summary>
        private static Task<T> OnOwnThread<T>(Func<T> work) =>
            Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }
}
