using System.Diagnostics;
using System.Runtime.CompilerServices;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Generation.Tasks;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>What generation costs on top of the model's own work. Rates are medians over the repetitions, in completion tokens.</summary>
/// <param name="What">Sampling as for training, or greedy answers as for evaluation.</param>
/// <param name="BareTokensPerSecond">The same batches through llama.cpp, with no tokenising, sampling, text or records.</param>
/// <param name="Ratio">Median over the repetitions of the bare time over ours, the two run one after the other.</param>
/// <param name="PromptTokens">Mean length of a prompt.</param>
/// <param name="NewTokens">Mean length of a completion.</param>
public sealed record GenerationBenchmarkResult(
    string What,
    double TokensPerSecond,
    double BareTokensPerSecond,
    double Ratio,
    int Sequences,
    int SamplesPerPrompt,
    double PromptTokens,
    double NewTokens,
    int Threads);

/// <summary>Measures <see cref="LlamaGenerator"/> on prompts of the generated tasks, against a bare decode loop over the same batches.</summary>
public static class GenerationBenchmark
{
    private const int Prompts = 128;
    private const int MaxTokens = 32;
    private const int Repetitions = 9;
    private const int SamplesPerPrompt = 8;

    /// <summary>Eight samples a prompt, then one greedy answer to each of as many prompts as there were samples.</summary>
    public static async IAsyncEnumerable<GenerationBenchmarkResult> RunAsync(
        LlamaOptions model, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var generator = LlamaGenerator.Load(model);
        yield return await MeasureAsync(
            "sampling", generator, model, SamplesPerPrompt, Prompts, new SamplingOptions(MaxTokens: MaxTokens), cancellationToken);
        yield return await MeasureAsync(
            "evaluation", generator, model, 1, Prompts * SamplesPerPrompt, new SamplingOptions(MaxTokens: MaxTokens, Temperature: 0), cancellationToken);
    }

    private static async Task<GenerationBenchmarkResult> MeasureAsync(
        string what,
        LlamaGenerator generator,
        LlamaOptions model,
        int samplesPerPrompt,
        int prompts,
        SamplingOptions options,
        CancellationToken cancellationToken)
    {
        var requests = TaskGenerator.Prompts(seed: 1, [.. TaskTable.All.Select(task => task.Name)], prompts, Split.Train)
            .Select(prompt => new GenerationRequest(
                prompt, [.. Enumerable.Range(0, samplesPerPrompt).Select(i => SampleSeed.Derive(1, 0, prompt.Id, i))]))
            .ToArray();

        // The traced run also warms up: code is compiled, buffers are there.
        var before = generator.GeneratedTokens;
        var trace = await OnOwnThread(() => generator.Trace(requests, options, cancellationToken)).ConfigureAwait(false);
        var tokens = generator.GeneratedTokens - before;

        var (ours, bare) = (new double[Repetitions], new double[Repetitions]);
        for (var i = 0; i < Repetitions; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await generator.GenerateAsync(requests, options, _ => { }, cancellationToken).ConfigureAwait(false);
            ours[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            start = Stopwatch.GetTimestamp();
            await OnOwnThread(() => { trace.Replay(); return 0; }).ConfigureAwait(false);
            bare[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        return new GenerationBenchmarkResult(
            what,
            tokens / Median(ours),
            tokens / Median(bare),
            Median([.. ours.Zip(bare, (our, its) => its / our)]),
            model.Sequences,
            samplesPerPrompt,
            (double)trace.PromptTokens / prompts,
            (double)tokens / (prompts * samplesPerPrompt),
            model.Threads);
    }

    /// <summary>On a thread of its own, as the generator decodes.</summary>
    private static Task<T> OnOwnThread<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
