using System.Collections.Immutable;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Host.Compare;

/// <summary>What the samples of one prompt come to.</summary>
internal sealed record SampledPrompt(int Samples, int Right, int DistinctRight);

/// <summary>One campaign of a comparison, as its state directory has it.</summary>
/// <param name="HeldOut">Whether the checkpoint's greedy answer is right, by held-out prompt; without those that the judge abstained
/// on.</param>
/// <param name="Answers">The checkpoint's greedy answers, by held-out prompt.</param>
/// <param name="BaseAnswers">Those of the base.</param>
/// <param name="Sampled">The last round's samples, of the policy before its training, by prompt; none where rounds ask the same prompts
/// again.</param>
internal sealed record ArmRun(
    string StatePath,
    CampaignOptions Options,
    CampaignState State,
    IReadOnlyDictionary<string, bool> HeldOut,
    IReadOnlyDictionary<string, PromptSamples> Answers,
    Lazy<IReadOnlyDictionary<string, PromptSamples>> BaseAnswers,
    IReadOnlyDictionary<string, SampledPrompt> Sampled)
{
    public double Accuracy => HeldOut.Count == 0 ? 0 : HeldOut.Values.Count(isRight => isRight) / (double)HeldOut.Count;

    public IEnumerable<RoundState> Rounds => State.Rounds.Where(round => round is { Number: > 0, Outcome: not null });

    /// <summary>Mean length of the greedy held-out answers.</summary>
    public double MeanTokens => State.LastKept!.MeanTokens;

    /// <summary>Of the checkpoint from the base, in nats an answer; null where it was not measured.</summary>
    public double? Kl => State.LastKept is { Number: 0 } ? 0 : State.LastKept!.Divergence?.PerAnswer;

    /// <summary>Right answers to a prompt that differ, of the samples; null where there are none.</summary>
    public double? DistinctRight => Sampled.Count == 0 ? null : Sampled.Values.Average(prompt => prompt.DistinctRight);

    public double Pairs => Rounds.Sum(round => round.Pairs?.PairCount ?? 0);

    public double GeneratedTokens => Rounds.Sum(round => round.GeneratedTokens);

    public double Seconds => State.Rounds.Sum(round => round.TotalSeconds);

    /// <exception cref="UserInputException">No campaign has begun there, or its base is not evaluated yet.</exception>
    public static ArmRun Read(string statePath)
    {
        var state =
            CampaignReader.ReadWhole(statePath)
            ?? throw new UserInputException($"{statePath}: no campaign has begun here; name state directories of campaigns.");
        var options = CampaignReader.ReadSettings(statePath);
        var store = StateDirectory.ArtifactsOf(statePath);
        var kept =
            state.LastKept
            ?? throw new UserInputException(
                $"{statePath}: the base is not evaluated yet, so there is nothing to compare; run the campaign further.");
        var (heldOut, answers) = (new Dictionary<string, bool>(), new Dictionary<string, PromptSamples>());
        foreach (var (prompt, verdict) in Judged(store, kept.Evaluations, kept.HeldOutGrades))
        {
            answers[prompt.Prompt.Id] = prompt;
            if (verdict?.Judgements is [{ Score: { } score }])
            {
                heldOut[prompt.Prompt.Id] = options.Evaluation.IsRight(score);
            }
        }
        var sampled = new Dictionary<string, SampledPrompt>();
        if (options.Prompts.Order == PromptOrder.New
            && state.Rounds.LastOrDefault(round => round is { Number: > 0, Outcome: not null }) is { } last)
        {
            foreach (var (prompt, verdict) in Judged(store, last.Samples, last.Judgements))
            {
                if (verdict is not null)
                {
                    var right = verdict
                        .Judgements.Where(judgement => judgement.Score is { } score && options.Evaluation.IsRight(score))
                        .Select(judgement => judgement.SampleIndex)
                        .ToHashSet();
                    Sample[] own = [.. prompt.OfPolicy], good = [.. own.Where(sample => right.Contains(sample.Index))];
                    sampled[prompt.Prompt.Id] = new(own.Length, good.Length, good.Select(sample => sample.Text).Distinct().Count());
                }
            }
        }
        return new(statePath, options, state, heldOut, answers, new(() => Answered(store, state.Rounds[0])), sampled);
    }

    /// <summary>The mean over the prompts; null where there are none, or fewer samples.</summary>
    public double? PassAtK(int k) => Sampled.Count == 0 || Sampled.Values.Any(prompt => prompt.Samples < k)
        ? null
        : Sampled.Values.Average(prompt => PairedDifference.PassAtK(prompt.Samples, prompt.Right, k));

    private static Dictionary<string, PromptSamples> Answered(ArtifactStore store, RoundState round) =>
        round
            .Evaluations.Values.Where(unit => unit.Set is null)
        .SelectMany(unit => SampleFile.Read(store.Verified(unit.Samples))).ToDictionary(prompt => prompt.Prompt.Id);

    private static IEnumerable<(PromptSamples Samples, Verdict? Verdict)> Judged(
        ArtifactStore store, ImmutableSortedDictionary<int, SampleResult> samples, ImmutableSortedDictionary<int, JudgeResult> verdicts)
    {
        foreach (var (unit, judged) in verdicts)
        {
            using var stream = store.OpenRead(judged.Verdicts);
            foreach (var (prompt, verdict) in VerdictFile.ReadAllWith(
                    store.Verified(samples[unit].Samples),
                    stream,
                    store.Verified(judged.Verdicts)))
            {
                yield return (prompt, verdict.Verdict);
            }
        }
    }
}
