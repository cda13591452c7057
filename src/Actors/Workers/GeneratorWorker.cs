using System.Collections.Immutable;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation;

namespace IterativeDpo.Actors.Workers;

/// <summary>
/// Completes prompts with one model, loaded when it is first needed, and the adapter that each order names: samples to train on, and greedy
/// answers to held-out prompts.
/// </summary>
internal sealed class GeneratorWorker(WorkerContext context) : IWorker
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);

    private IGenerator? _generator;
    private Digest? _adapter;

    public Task<WorkResult> DoAsync(WorkOrder order, Action<ICampaignMessage> report, CancellationToken cancellationToken) =>
        SampleAsync((SampleOrder)order, report, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _generator?.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<WorkResult> SampleAsync(
        SampleOrder order, Action<ICampaignMessage> report, CancellationToken cancellationToken)
    {
        var (prompts, requests, options) = Plan(order);
        var start = context.Time.GetTimestamp();
        var finished = new Dictionary<string, PromptSamples>(requests.Length);
        var generator = UseAdapter(order.Adapter);
        var track = TrackProgress(order, generator, start, report);
        await generator.GenerateAsync(
            requests,
            options,
            samples =>
            {
                finished.Add(samples.Prompt.Id, samples);
                track(finished.Count);
            },
            cancellationToken);

        PromptSamples[] ordered = [.. prompts.Select(prompt => WithAnswer(finished[prompt.Id], generator))];
        var digest = context.Store.Put(stream => SampleFile.Write(stream, ordered));
        Sample[] all = [.. ordered.SelectMany(prompt => prompt.OfPolicy)];
        var tokens = all.Sum(sample => (long)sample.TokenIds.Length);
        var entropy = tokens == 0 ? 0 : all.Sum(sample => (double)sample.MeanEntropy * sample.TokenIds.Length) / tokens;
        return new SampleResult(
            order.Id, digest, prompts.Length, ordered.Sum(prompt => prompt.Samples.Count), tokens, entropy, context.Time.GetElapsedTime(start).TotalSeconds, order.Set,
            all.Length == 0 ? null : all.Average(RepeatedShare), all.Length == 0 ? null : ordered.Sum(Identical) / (double)all.Length,
            all.Sum(sample => (long)sample.Thoughts));
    }

    /// <summary>With the answer that the prompt's row gives as one more sample, which no figure of the policy counts.</summary>
    private static PromptSamples WithAnswer(PromptSamples drawn, IGenerator generator) => drawn.Prompt.Answer is { } answer
        ? drawn with
        {
            Prompt = drawn.Prompt with { Answer = null },
            Samples = [.. drawn.Samples, new Sample(drawn.Samples.Count, 0, generator.EncodeAnswer(drawn.Prompt), [], answer, FinishReason.Eos, 0, Sample.OfData)],
        }
        : drawn;

    /// <summary>The share of its runs of so many tokens that were there before in it; 0 where it is shorter.</summary>
    internal static double RepeatedShare(Sample sample)
    {
        const int Run = 4;
        var runs = Enumerable.Range(0, Math.Max(0, sample.TokenIds.Length - Run + 1)).Select(i => (sample.TokenIds[i], sample.TokenIds[i + 1], sample.TokenIds[i + 2], sample.TokenIds[i + 3])).ToArray();
        return runs.Length == 0 ? 0 : 1 - runs.Distinct().Count() / (double)runs.Length;
    }

    /// <summary>How many samples are the same text as one before.</summary>
    private static int Identical(PromptSamples prompt) => prompt.OfPolicy.Count() - prompt.OfPolicy.Select(sample => sample.Text).Distinct().Count();

    private IGenerator UseAdapter(Digest? adapter)
    {
        _generator ??= context.Engines.Generator();
        if (_adapter != adapter)
        {
            _generator.UseAdapter(adapter is { } digest ? context.Store.Verified(digest) : null);
            _adapter = adapter;
        }
        return _generator;
    }

    private (Prompt[] Prompts, GenerationRequest[] Requests, SamplingOptions Options) Plan(SampleOrder order)
    {
        var (options, sampling) = (context.Options, context.Options.Generation.Sampling);
        if (order.Id.Stage != Stage.Evaluate)
        {
            var drawn = context.Prompts.OfRound(order.Id.Round, order.PromptStatistics is { } statistics ? context.Store.Verified(statistics) : null);
            return Plan(order, drawn, options.Generation.SamplesPerPrompt, sampling);
        }
        var set = options.Evaluation.Sets?.FirstOrDefault(set => set.Name == order.Set);
        return Plan(order, context.Prompts.Of(order.Set), set?.Samples ?? 1, sampling with
        {
            Temperature = set?.Temperature ?? 0,
            MaxTokens = set?.MaxTokens ?? options.Evaluation.MaxTokens,
        });
    }

    private (Prompt[] Prompts, GenerationRequest[] Requests, SamplingOptions Options) Plan(SampleOrder order, IReadOnlyList<Prompt> all, int samples, SamplingOptions sampling)
    {
        Prompt[] prompts = [.. all.Skip(order.FirstPrompt).Take(order.Prompts)];
        return (prompts, [.. prompts.Select(prompt => new GenerationRequest(prompt, Seeds(order.Id.Round, prompt, samples)))], sampling);
    }

    private ulong[] Seeds(int round, Prompt prompt, int samples) =>
        [.. Enumerable.Range(0, samples).Select(index => SampleSeed.Derive(context.Options.Seed, round, prompt.Id, index))];

    private Action<int> TrackProgress(SampleOrder order, IGenerator generator, long start, Action<ICampaignMessage> report)
    {
        var (before, reported) = (generator.GeneratedTokens, start);
        return done =>
        {
            var now = context.Time.GetTimestamp();
            if (context.Time.GetElapsedTime(reported, now) >= ProgressInterval || done == order.Prompts)
            {
                reported = now;
                report(new WorkProgress(
                    order.Id,
                    done,
                    order.Prompts,
                    generator.GeneratedTokens - before,
                    context.Time.GetElapsedTime(start, now).TotalSeconds,
                    ImmutableSortedDictionary<string, double>.Empty));
            }
        };
    }
}
