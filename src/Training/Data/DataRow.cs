using IterativeDpo.Generation;

namespace IterativeDpo.Training.Data;

/// <summary>A row of a data file, parsed. A row of token ids has a <see cref="Pair"/>, any other its <see cref="Texts"/>.</summary>
/// <param name="PromptId">The row's own <c>prompt_id</c>, or one made from the prompt.</param>
internal sealed record DataRow(DataFormat Format, string PromptId, PreferencePair? Pair, RowTexts? Texts, PairProvenance? Provenance)
{
    /// <summary>
    /// A preference with its likelier completion as the chosen one: most losses, and other tools, read no probability and take chosen for
    /// the better.
    /// </summary>
    public DataRow LikelierFirst() => this switch
    {
        { Pair: { ChosenProbability: < 0.5 } pair } => this with
        {
            Pair = pair with { ChosenIds = pair.RejectedIds, RejectedIds = pair.ChosenIds, ChosenProbability = 1 - pair.ChosenProbability },
            Provenance = Provenance?.TurnedRound(),
        },
        { Texts: { Second: { } second, Label: < 0.5 } texts } => this with
        {
            Texts = texts with { First = second, Second = texts.First, Label = 1 - texts.Label },
            Provenance = Provenance?.TurnedRound(),
        },
        _ => this,
    };
}

/// <summary>A prompt with a chosen and a rejected completion, or with one completion and its label.</summary>
/// <param name="First">The chosen completion, or the only one.</param>
/// <param name="Second">The rejected completion; null in unpaired data.</param>
/// <param name="Label">The probability that chosen is the better one; or 1 desirable, 0 undesirable.</param>
internal sealed record RowTexts(Passage Prompt, Passage First, Passage? Second, double Label);
