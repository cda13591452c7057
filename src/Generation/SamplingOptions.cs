namespace IterativeDpo.Generation;

/// <summary>How completions are drawn. Defaults sample the untempered policy.</summary>
/// <param name="Temperature">0 is greedy; otherwise logits are divided by it before the filters.</param>
/// <param name="TopK">Keep the k likeliest tokens; 0 is off.</param>
/// <param name="TopP">Keep the smallest set with at least this probability; 1 is off.</param>
/// <param name="MinP">Drop tokens under this share of the likeliest token's probability; 0 is off.</param>
/// <param name="RepetitionPenalty">Divides positive and multiplies negative logits of tokens already seen (CTRL, arXiv 1909.05858); 1 is off.</param>
/// <param name="MaxTokens">Most tokens in a completion, the end token included.</param>
/// <param name="StopStrings">A completion ends before the first of these.</param>
public sealed record SamplingOptions(
    float Temperature = 1,
    int TopK = 0,
    float TopP = 1,
    float MinP = 0,
    float RepetitionPenalty = 1,
    int MaxTokens = 256,
    IReadOnlyList<string>? StopStrings = null);
