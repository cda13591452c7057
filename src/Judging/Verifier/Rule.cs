using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Verifier;

/// <summary>An <see cref="AnswerCheck"/> made ready to run.</summary>
/// <param name="Description">The kind and its argument, for explanations.</param>
/// <param name="Weight">Its share of the score, over the sum of all weights.</param>
/// <param name="NeedsEnd">Whether the answer must have ended: one cut at the token limit is no answer.</param>
/// <param name="Accepts">The rule, on the completion's text.</param>
internal sealed record Rule(string Description, double Weight, bool NeedsEnd, Func<string, bool> Accepts)
{
    public bool Passes(Sample sample) => !(NeedsEnd && sample.FinishReason == FinishReason.Length) && Accepts(sample.Text);
}
