using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Verifier;

/// <summary>An <see cref="AnswerCheck"/> made ready to run; holds no state, so that any number of samples can be held to it at once.</summary>
/// <param name="Description">The kind and its argument, for explanations.</param>
/// <param name="NeedsEnd">Whether the answer must have ended: one cut at the token limit is no whole answer.</param>
/// <param name="Test">What is wrong with a completion, in a few words; null where it passes.</param>
internal sealed record Rule(string Description, bool NeedsEnd, Func<Sample, string?> Test)
{
    /// <summary>What is wrong with the sample, or null.</summary>
    public string? FaultOf(Sample sample) => NeedsEnd && sample.FinishReason == FinishReason.Length ? "cut at the token limit" : Test(sample);
}
