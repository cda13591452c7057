using IterativeDpo.Campaigns;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Pairs;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Pairs;

/// <summary>A prompt that gave no pair, and why.</summary>
internal sealed record DroppedPrompt(int Round, string PromptId, string? Task, string Reason);

/// <summary>Finds a round's prompts that gave no pair.</summary>
internal static class DroppedPrompts
{
    public static IEnumerable<DroppedPrompt> Of(CampaignPairs campaign, RoundState round, PairFilter filter)
    {
        var store = campaign.Store;
        var paired = round.Pairs is { PairCount: > 0 } pairs
            ? PairFile.Read(store.Verified(pairs.Pairs)).Select(record => record.Pair.PromptId).ToHashSet()
            : [];
        var seed = SampleSeed.Derive(campaign.Options.Seed, round.Number, "pairs", 0);
        foreach (var (unit, result) in round.Judgements)
        {
            using var verdicts = store.OpenRead(result.Verdicts);
            foreach (var (samples, judged) in VerdictFile.ReadAllWith(
                    store.Verified(round.Samples[unit].Samples),
                    verdicts,
                    store.Verified(result.Verdicts)))
            {
                if (!paired.Contains(samples.Prompt.Id) && Matches(filter, samples))
                {
                    yield return new(
                        round.Number,
                        samples.Prompt.Id,
                        samples.Prompt.Task,
                        Reason(samples, judged, campaign.Options.Pairs, seed));
                }
            }
        }
        foreach (var samples in round
                .DroppedUnits.SelectMany(unit => SampleFile.Read(store.Verified(round.Samples[unit].Samples)))
                .Where(samples => Matches(filter, samples)))
        {
            yield return new(round.Number, samples.Prompt.Id, samples.Prompt.Task, "the judge failed on its whole unit of work");
        }
    }

    private static bool Matches(PairFilter filter, PromptSamples samples) =>
        filter.MatchesPrompt(samples.Prompt.Id, samples.Prompt.Task)
        && (
            filter.Contains is null
            || samples.Samples.Any(sample => filter.Has(sample.Text))
            || filter.Has(samples.Prompt.Text ?? string.Concat(samples.Prompt.Messages!.Select(message => message.Spell()))));

    /// <summary>By the selection's own account of the prompt.</summary>
    private static string Reason(PromptSamples samples, PromptVerdict judged, PairSelectionOptions options, ulong seed)
    {
        if (judged.Verdict is not { } verdict)
        {
            return $"the judge failed: {judged.Failure}";
        }
        var counts = PairSelector.Select(samples, verdict, options, seed).Counts;
        if (counts.Abstained > 0)
        {
            return "fewer than two samples have a score";
        }
        (long Count, string What)[] reasons =
        [
            (counts.Ties, "ties"),
            (counts.Duplicates, "of equal text"),
            (counts.WithinMargin, "within the margin"),
            (counts.Undecided, "undecided"),
            (counts.Contradicted, "compared the other way round"),
            (counts.Anchored, "of which the base's is the better one"),
            (counts.LengthRatio, "of too different a length"),
            (counts.Similar, "too alike"),
            (counts.Unselected, "left out by the strategy"),
        ];
        return counts.ZeroSignal > 0 || counts.NoneSelected > 0
            ? string.Join(", ", reasons.Where(reason => reason.Count > 0).Select(reason => $"{reason.Count} {reason.What}"))
            : "left out to balance lengths";
    }
}
