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
        var (generator, beside) = (UseAdapter(order.Adapter), BesideThePolicy(order, prompts));
        var (done, passes, track) = (0, beside.Length == 0 ? 1 : 2, TrackProgress(order, generator, start, report));
        var finished = await DrawAsync(requests);
        if (beside.Length > 0)
        {
            UseAdapter(null);
            foreach (var (id, drawn) in await DrawAsync(beside))
            {
                finished[id] = With(finished[id], drawn.Samples.Select(sample => sample with { Model = Sample.OfBase }));
            }
        }

        PromptSamples[] ordered = [.. prompts.Select(prompt => WithAnswer(finished[prompt.Id], generator))];
        var digest = context.Store.Put(stream => SampleFile.Write(stream, ordered));
        Sample[] own = [.. ordered.SelectMany(prompt => prompt.OfPolicy)];
        var tokens = own.Sum(sample => (long)sample.TokenIds.Length);
        var entropy = tokens == 0 ? 0 : own.Sum(sample => (double)sample.MeanEntropy * sample.TokenIds.Length) / tokens;
        var divergence = await DivergenceAsync(order, prompts, cancellationToken);
        return new SampleResult(
            order.Id,
            digest,
            prompts.Length,
            ordered.Sum(prompt => prompt.Samples.Count),
            ordered.Sum(TokensDrawn),
            entropy,
            context.Time.GetElapsedTime(start).TotalSeconds,
            order.Set,
            own.Length == 0 ? null : own.Average(RepeatedShare), own.Length == 0 ? null : ordered.Sum(Identical) / (double)own.Length,
            own.Sum(sample => (long)sample.Thoughts), divergence);

        async Task<Dictionary<string, PromptSamples>> DrawAsync(GenerationRequest[] wanted)
        {
            var drawn = new Dictionary<string, PromptSamples>(wanted.Length);
            await generator.GenerateAsync(
                wanted,
                options,
                samples =>
                {
                    drawn.Add(samples.Prompt.Id, samples);
                    track(++done / passes);
                },
                cancellationToken);
            return drawn;
        }
    }

    /// <summary>
    /// Of a round's policy from the base, where held-out prompts are answered. The answers that were asked for are greedy, and no draws of
    /// the policy; so some prompts, the same in every round, have another one.
    /// </summary>
    private async Task<Divergence?> DivergenceAsync(SampleOrder order, Prompt[] prompts, CancellationToken cancellationToken)
    {
        if (order is not { Id.Stage: Stage.Evaluate, Set: null, Adapter: not null })
        {
            return null;
        }
        int[] all = [.. Enumerable.Range(0, context.Prompts.HeldOut.Count)];
        new SplitMix64(1).Shuffle(all.AsSpan());
        Prompt[] asked =
        [
            .. all.Take((context.Options.Watch ?? new()).KlPrompts)
                .Select(i => i - order.FirstPrompt)
                .Where(i => i >= 0 && i < prompts.Length)
                .Order()
                .Select(i => prompts[i]),
        ];
        if (asked.Length == 0)
        {
            return null;
        }
        var answers = new List<PromptSamples>();
        var sampling = new SamplingOptions(
            MaxTokens: context.Options.Evaluation.MaxTokens,
            StopStrings: context.Options.Generation.Sampling.StopStrings);
        await UseAdapter(order.Adapter)
            .GenerateAsync(
                [.. asked.Select(prompt => new GenerationRequest(prompt, Seeds(order.Id.Round, prompt, 0, 1)))],
                sampling,
                answers.Add,
                cancellationToken);
        var ofBase = await UseAdapter(null).LogProbsAsync(answers, cancellationToken);
        Sample[] samples = [.. answers.SelectMany(prompt => prompt.Samples)];
        return new(
            samples.Length,
            samples.Sum(sample => (long)sample.TokenIds.Length),
            samples.Zip(ofBase).Sum(answer => answer.First.LogProbs.Sum(logProb => (double)logProb) - answer.Second));
    }

    /// <summary>What the base is to draw beside the policy; nothing in the first round, where it is the policy.</summary>
    private GenerationRequest[] BesideThePolicy(SampleOrder order, Prompt[] prompts)
    {
        var generation = context.Options.Generation;
        return order is { Id.Stage: Stage.Sample, Adapter: not null } && generation.BaseSamples > 0
            ?
            [
                .. prompts.Select(prompt => new GenerationRequest(
                    prompt,
                    Seeds(order.Id.Round, prompt, generation.SamplesPerPrompt, generation.BaseSamples))),
            ]
            : [];
    }

    private static PromptSamples With(PromptSamples prompt, IEnumerable<Sample> more) =>
        prompt with { Samples = [.. prompt.Samples, .. more.Select((sample, i) => sample with { Index = prompt.Samples.Count + i })] };

    private static long TokensDrawn(PromptSamples prompt) =>
        prompt.Samples.Where(sample => sample.Model != Sample.OfData).Sum(sample => (long)sample.TokenIds.Length);

    /// <summary>With the answer that the prompt's row gives as one more sample, which no figure of the policy counts.</summary>
    private static PromptSamples WithAnswer(PromptSamples drawn, IGenerator generator) => drawn.Prompt.Answer is { } answer
        ? With(
            drawn,
            [
                new Sample(
                    0,
                    0,
                    generator.EncodeAnswer(drawn.Prompt),
                    [],
                    answer,
                    FinishReason.Eos,
                    0,
                    Sample.OfData,
                    AnswerAt: Sample.AnswerIn(answer)),
            ]
        ) with
        {
            Prompt = drawn.Prompt with { Answer = null },
        }
        : drawn;

    /// <summary>The share of its runs of so many tokens that were there before in it; 0 where it is shorter.</summary>
    internal static double RepeatedShare(Sample sample)
    {
        const int Run = 4;
        var runs = Enumerable
            .Range(0, Math.Max(0, sample.TokenIds.Length - Run + 1))
            .Select(i => (sample.TokenIds[i], sample.TokenIds[i + 1], sample.TokenIds[i + 2], sample.TokenIds[i + 3]))
            .ToArray();
        return runs.Length == 0 ? 0 : 1 - runs.Distinct().Count() / (double)runs.Length;
    }

    /// <summary>How many samples are the same text as one before.</summary>
    private static int Identical(PromptSamples prompt) =>
        prompt.OfPolicy.Count() - prompt.OfPolicy.Select(sample => sample.Text).Distinct().Count();

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
            var drawn = context.Prompts.OfRound(
                order.Id.Round,
                order.PromptStatistics is { } statistics ? context.Store.Verified(statistics) : null);
            return Plan(order, drawn, options.Generation.SamplesPerPrompt, sampling);
        }
        var set = options.Evaluation.Sets?.FirstOrDefault(set => set.Name == order.Set);
        return Plan(order, context.Prompts.Of(order.Set), set?.Samples ?? 1, sampling with
        {
            Temperature = set?.Temperature ?? 0,
            MaxTokens = set?.MaxTokens ?? options.Evaluation.MaxTokens,
        });
    }

    private (Prompt[] Prompts, GenerationRequest[] Requests, SamplingOptions Options) Plan(
        SampleOrder order,
        IReadOnlyList<Prompt> all,
        int samples,
        SamplingOptions sampling)
    {
        Prompt[] prompts = [.. all.Skip(order.FirstPrompt).Take(order.Prompts)];
        return (prompts, [.. prompts.Select(prompt => new GenerationRequest(prompt, Seeds(order.Id.Round, prompt, 0, samples)))], sampling);
    }

    private ulong[] Seeds(int round, Prompt prompt, int first, int samples) =>
        [.. Enumerable.Range(first, samples).Select(index => SampleSeed.Derive(context.Options.Seed, round, prompt.Id, index))];

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
