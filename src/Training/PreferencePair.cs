namespace IterativeDpo.Training;

/// <summary>
/// A chosen and a rejected completion of one prompt, as token ids straight from the sampler.
/// </summary>
/// <param name="PromptId">Groups the pairs of one prompt: they share its tokens in a batch.</param>
/// <param name="PromptIds">The prompt's ids, template and BOS included.</param>
/// <param name="ChosenIds">The chosen completion's ids, end token included.</param>
/// <param name="RejectedIds">The rejected completion's ids, end token included.</param>
/// <param name="ChosenProbability">The judge's probability that chosen beats rejected; 1 for a hard label.</param>
public sealed record PreferencePair(
    string PromptId,
    int[] PromptIds,
    int[] ChosenIds,
    int[] RejectedIds,
    double ChosenProbability = 1) : ITrainingExample
{
    int[] ITrainingExample.First => ChosenIds;

    int[] ITrainingExample.Second => RejectedIds;

    double ITrainingExample.Label => ChosenProbability;

    ITrainingExample? ITrainingExample.CutTo(int maxLength)
    {
        var chosen = ITrainingExample.Cut(PromptIds, ChosenIds, maxLength);
        var rejected = ITrainingExample.Cut(PromptIds, RejectedIds, maxLength);
        // Equal completions say nothing of a preference; a prompt that fills the length leaves two empty ones.
        return chosen.AsSpan().SequenceEqual(rejected) ? null : this with { ChosenIds = chosen, RejectedIds = rejected };
    }
}
