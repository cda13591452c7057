using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>How a policy is measured: greedy answers to held-out prompts.</summary>
/// <param name="RollbackPoints">Null is off.</param>
/// <param name="Judge">Null: the judge of the samples.</param>
public sealed record EvaluationOptions(
    [Setting("Held-out prompts of each task, or of each task named in a prompt file, answered greedily before the first round and after every round.", Default = "100", Min = 1, Max = 1_000_000)]
    int PromptsPerTask,
    [Setting("Most tokens in an answer, the end token included.", Default = "256", Min = 1, Max = 1_000_000)] int MaxTokens,
    [Setting("A round that loses more points of accuracy than this is rolled back. 100: off.", Default = "5", Min = 0, Max = 100, Off = "100")] double? RollbackPoints,
    [Setting("Who grades the answers, one of the judges by its name; a judge that only compares samples cannot. Empty: the judge of the samples.", Off = "")] string? Judge = null,
    [Setting("An answer is right from this score on.")] double RightScore = 1)
{
    /// <summary>Rounding in the weights of checks takes no right answer away.</summary>
    private const double ScoreRounding = 1e-9;

    public bool IsRight(double score) => score >= RightScore - ScoreRounding;
}
