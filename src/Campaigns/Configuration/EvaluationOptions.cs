namespace IterativeDpo.Campaigns.Configuration;

/// <summary>How a policy is measured: greedy answers to held-out prompts.</summary>
/// <param name="PromptsPerTask">Held-out prompts of each task; of a prompt file, of each task named in it.</param>
/// <param name="MaxTokens">Most tokens in an answer, the end token included.</param>
/// <param name="RollbackPoints">A round that loses more points (0 to 100) of accuracy than this is rolled back; null is off.</param>
/// <param name="Judge">Who grades the answers; null: the judge of the samples.</param>
/// <param name="RightScore">An answer is right from this score on.</param>
public sealed record EvaluationOptions(
    int PromptsPerTask, int MaxTokens, double? RollbackPoints, string? Judge = null, double RightScore = 1)
{
    /// <summary>Rounding in the weights of checks takes no right answer away.</summary>
    private const double ScoreRounding = 1e-9;

    public bool IsRight(double score) => score >= RightScore - ScoreRounding;
}
