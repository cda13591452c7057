using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Verifier;

/// <summary>
/// An <see cref="AnswerCheck"/> made ready to run; holds no state, so that any number of samples can be held to it at once.
/// </summary>
/// <param name="Description">The kind and its argument, for explanations.</param>
/// <param name="NeedsEnd">Whether the answer must have ended: one cut at the token limit is no whole answer.</param>
/// <param name="Test">What is wrong with a completion, in a few words; null where it passes.</param>
internal sealed record Rule(string Description, bool NeedsEnd, Func<Sample, string?> Test)
{
    /// <summary>What is wrong with the sample, or null.</summary>
    public string? FaultOf(Sample sample)
    {
        if (NeedsEnd && sample.FinishReason == FinishReason.Length)
        {
            return "cut at the token limit";
        }
        try
        {
            return Test(sample);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentOutOfRangeException or FormatException or OverflowException)
        {
            // JSON by its grammar, of which .NET makes no text or number: half of a surrogate pair, an exponent beyond any range.
            return "JSON with a text or a number that cannot be read";
        }
    }
}
