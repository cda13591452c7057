using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Pairs;
using IterativeDpo.Training;

namespace IterativeDpo.Actors.Workers;

/// <summary>Turns selected pairs into what the trainer reads, with where they came from.</summary>
/// <param name="policy">The adapter that was on the base when the samples were drawn.</param>
internal sealed class PairRecords(string judge, string sampling, Digest baseModel, Digest? policy, int round)
{
    public PairRecord Make(SelectedPair pair, PromptSamples samples, Verdict verdict)
    {
        var chosen = samples.Samples.First(sample => sample.Index == pair.ChosenIndex);
        var rejected = samples.Samples.First(sample => sample.Index == pair.RejectedIndex);
        return new PairRecord(
            new PreferencePair(pair.PromptId, samples.PromptIds, chosen.TokenIds, rejected.TokenIds, pair.Probability),
            new PairProvenance(
                samples.Prompt.Task,
                TextOf(samples.Prompt),
                chosen.Text,
                rejected.Text,
                chosen.Index,
                rejected.Index,
                chosen.Seed,
                rejected.Seed,
                pair.ChosenScore,
                pair.RejectedScore,
                judge,
                sampling,
                baseModel,
                policy,
                round,
                verdict.Judgements.FirstOrDefault(judgement => judgement.SampleIndex == pair.ChosenIndex),
                verdict.Judgements.FirstOrDefault(judgement => judgement.SampleIndex == pair.RejectedIndex),
                verdict.Comparisons?.FirstOrDefault(comparison => IsOf(comparison, pair)),
                chosen.Model,
                rejected.Model));
    }

    private static bool IsOf(Comparison comparison, SelectedPair pair) =>
        (comparison.First, comparison.Second) == (pair.ChosenIndex, pair.RejectedIndex)
        || (comparison.Second, comparison.First) == (pair.ChosenIndex, pair.RejectedIndex);

    private static string TextOf(Prompt prompt) =>
        prompt.Text ?? string.Join('\n', prompt.Messages!.Select(message => message.Spell()));
}
