using System.Diagnostics;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Pairs;
using IterativeDpo.Judging.Verifier;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>
/// A campaign's sampling, judging and pairing on instant engines as one loop, without actors and journal; it stores the same files.
/// </summary>
internal sealed class PlainLoop(CampaignOptions options, ArtifactStore store, IGenerator generator)
{
    private readonly CampaignPrompts _prompts = new(options.Prompts, options.Evaluation.PromptsPerTask, options.Seed);

    /// <returns>Seconds.</returns>
    public async Task<double> RunAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await SampleAndJudgeAsync(_prompts.HeldOut, 1, cancellationToken).ConfigureAwait(false);
        for (var round = 1; round <= options.Rounds; round++)
        {
            var judged = await SampleAndJudgeAsync(_prompts.OfRound(round), options.Generation.SamplesPerPrompt, cancellationToken)
                .ConfigureAwait(false);
            StorePairs(judged);
            await SampleAndJudgeAsync(_prompts.HeldOut, 1, cancellationToken).ConfigureAwait(false);
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private async Task<List<(PromptSamples Samples, Verdict Verdict)>> SampleAndJudgeAsync(
        IReadOnlyList<Prompt> prompts, int samplesPerPrompt, CancellationToken cancellationToken)
    {
        var all = new List<(PromptSamples, Verdict)>();
        await using var judge = new VerifierJudge();
        foreach (var unit in prompts.Chunk(options.Work.PromptsPerUnit))
        {
            GenerationRequest[] requests = [.. unit.Select(prompt => RequestOf(prompt, samplesPerPrompt))];
            var samples = new List<PromptSamples>();
            await generator.GenerateAsync(requests, options.Generation.Sampling, samples.Add, cancellationToken).ConfigureAwait(false);
            store.Put(stream => SampleFile.Write(stream, samples));
            var judged = new List<PromptVerdict>();
            foreach (var prompt in samples)
            {
                var verdict = await judge.JudgeAsync(prompt, cancellationToken).ConfigureAwait(false);
                judged.Add(new(prompt.Prompt.Id, verdict));
                all.Add((prompt, verdict));
            }
            store.Put(stream => VerdictFile.Write(stream, judged));
        }
        return all;
    }

    private GenerationRequest RequestOf(Prompt prompt, int samples) =>
        new(prompt, [.. Enumerable.Range(0, samples).Select(index => SampleSeed.Derive(options.Seed, 1, prompt.Id, index))]);

    private void StorePairs(List<(PromptSamples Samples, Verdict Verdict)> judged)
    {
        var pairs = PairSelector.Select(judged, options.Pairs, options.Seed)
            .SelectMany(prompt => prompt.Selection.Pairs.Select(pair => RecordOf(pair, prompt.Samples)));
        store.Put(stream => PairFile.Write(stream, pairs));
    }

    private static PairRecord RecordOf(SelectedPair pair, PromptSamples prompt) => new(new PreferencePair(
        pair.PromptId, prompt.PromptIds, prompt.Samples[pair.ChosenIndex].TokenIds, prompt.Samples[pair.RejectedIndex].TokenIds));
}
