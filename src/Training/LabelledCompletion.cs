namespace IterativeDpo.Training;

/// <summary>One completion of a prompt with a verdict of its own, for the losses on unpaired data.</summary>
/// <param name="CompletionIds">The completion's ids, end token included.</param>
/// <param name="Desirable">Whether it is one to be made likelier.</param>
/// <param name="MismatchedIds">A completion of another prompt, from which KTO estimates the divergence from the reference; may be
/// empty.</param>
public sealed record LabelledCompletion(
    string PromptId,
    int[] PromptIds,
    int[] CompletionIds,
    bool Desirable,
    int[] MismatchedIds) : ITrainingExample
{
    int[] ITrainingExample.First => CompletionIds;

    int[] ITrainingExample.Second => MismatchedIds;

    double ITrainingExample.Label => Desirable ? 1 : 0;

    ITrainingExample? ITrainingExample.CutTo(int maxLength)
    {
        var completion = ITrainingExample.Cut(PromptIds, CompletionIds, maxLength);
        return completion.Length == 0
            ? null
            : this with { CompletionIds = completion, MismatchedIds = ITrainingExample.Cut(PromptIds, MismatchedIds, maxLength) };
    }

    /// <summary>
    /// Each pair as two examples: its better completion, desirable, and the other, undesirable; a pair of probability 0.5 has no better
    /// one, and gives none.
    /// </summary>
    public static IReadOnlyList<LabelledCompletion> FromPairs(IEnumerable<PreferencePair> pairs) =>
        WithMismatches([.. pairs.SelectMany(Of)]);

    /// <summary>A pair as two examples, as yet without mismatches.</summary>
    internal static LabelledCompletion[] Of(PreferencePair pair) => pair.ChosenProbability == 0.5 ? [] :
    [
        new(pair.PromptId, pair.PromptIds, pair.ChosenIds, Desirable: pair.ChosenProbability > 0.5, []),
        new(pair.PromptId, pair.PromptIds, pair.RejectedIds, Desirable: pair.ChosenProbability < 0.5, []),
    ];

    /// <summary>
    /// Gives each example the completion of the nearest one before it that has another prompt; the first ones go round to the end.
    /// </summary>
    public static IReadOnlyList<LabelledCompletion> WithMismatches(IReadOnlyList<LabelledCompletion> examples)
    {
        var result = new LabelledCompletion[examples.Count];
        var mismatch = examples.LastOrDefault(example => example.PromptId != examples[0].PromptId)?.CompletionIds ?? [];
        for (var i = 0; i < examples.Count; i++)
        {
            if (i > 0 && examples[i].PromptId != examples[i - 1].PromptId)
            {
                mismatch = examples[i - 1].CompletionIds;
            }
            result[i] = examples[i] with { MismatchedIds = mismatch };
        }
        return result;
    }
}
