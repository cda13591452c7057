using System.Collections.Immutable;
using Akka.Actor;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation;

namespace IterativeDpo.Actors.Workers;

/// <summary>Completes prompts with one loaded model: samples to train on, and greedy answers to held-out prompts.</summary>
public sealed class GeneratorActor : WorkerActor
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);

    private readonly WorkerContext _context;
    private readonly GeneratorEngine _engine;
    private readonly Action<WorkProgress> _report;

    public GeneratorActor(WorkerContext context) : base(WorkerRole.Generator, context.Campaign)
    {
        _context = context;
        _engine = new GeneratorEngine(context.Engines.Generator, context.Store);
        _report = ReportProgress();

        Do<SampleOrder>(SampleAsync);
        Receive<SwapAdapter>(Swap);
    }

    protected override void PostStop()
    {
        base.PostStop();
        // Nothing waits for it: a generator that is still at work is unloaded when it has come to rest.
        _ = _engine.UnloadAsync();
    }

    private void Swap(SwapAdapter message) =>
        Task.Run(() => _engine.UseAsync(message.Adapter, _ => Task.CompletedTask, CancellationToken.None)).PipeTo(
            Sender,
            Self,
            success: () => new AdapterSwapped(message.Adapter),
            failure: error => new AdapterRefused(message.Adapter, error.Message));

    private async Task<WorkResult> SampleAsync(SampleOrder order, CancellationToken cancellationToken)
    {
        var (prompts, requests, options) = Plan(order);
        var start = _context.Time.GetTimestamp();
        var finished = new Dictionary<string, PromptSamples>(requests.Length);
        await _engine.UseAsync(
            order.Adapter,
            generator =>
            {
                var track = TrackProgress(order, generator, start);
                return generator.GenerateAsync(
                    requests,
                    options,
                    samples =>
                    {
                        finished.Add(samples.Prompt.Id, samples);
                        track(finished.Count);
                    },
                    cancellationToken);
            },
            cancellationToken);

        PromptSamples[] ordered = [.. prompts.Select(prompt => finished[prompt.Id])];
        var digest = _context.Store.Put(stream => SampleFile.Write(stream, ordered));
        Sample[] all = [.. ordered.SelectMany(prompt => prompt.Samples)];
        var tokens = all.Sum(sample => (long)sample.TokenIds.Length);
        var entropy = tokens == 0 ? 0 : all.Sum(sample => (double)sample.MeanEntropy * sample.TokenIds.Length) / tokens;
        return new SampleResult(
            order.Id, digest, prompts.Length, all.Length, tokens, entropy, _context.Time.GetElapsedTime(start).TotalSeconds);
    }

    private (Prompt[] Prompts, GenerationRequest[] Requests, SamplingOptions Options) Plan(SampleOrder order)
    {
        var (options, sampling) = (_context.Options, _context.Options.Generation.Sampling);
        var greedy = order.Id.Stage == Stage.Evaluate;
        var all = greedy ? _context.Prompts.HeldOut : _context.Prompts.OfRound(order.Id.Round, order.PromptStatistics is { } statistics ? _context.Store.Verified(statistics) : null);
        var samples = greedy ? 1 : options.Generation.SamplesPerPrompt;
        Prompt[] prompts = [.. all.Skip(order.FirstPrompt).Take(order.Prompts)];
        return (
            prompts,
            [.. prompts.Select(prompt => new GenerationRequest(prompt, Seeds(order.Id.Round, prompt, samples)))],
            greedy ? sampling with { Temperature = 0, MaxTokens = options.Evaluation.MaxTokens } : sampling);
    }

    private ulong[] Seeds(int round, Prompt prompt, int samples) =>
        [.. Enumerable.Range(0, samples).Select(index => SampleSeed.Derive(_context.Options.Seed, round, prompt.Id, index))];

    private Action<int> TrackProgress(SampleOrder order, IGenerator generator, long start)
    {
        var (before, reported) = (generator.GeneratedTokens, start);
        return done =>
        {
            var now = _context.Time.GetTimestamp();
            if (_context.Time.GetElapsedTime(reported, now) >= ProgressInterval || done == order.Prompts)
            {
                reported = now;
                _report(new WorkProgress(
                    order.Id,
                    done,
                    order.Prompts,
                    generator.GeneratedTokens - before,
                    _context.Time.GetElapsedTime(start, now).TotalSeconds,
                    ImmutableSortedDictionary<string, double>.Empty));
            }
        };
    }
}
