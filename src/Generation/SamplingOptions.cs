using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Generation;

/// <summary>How completions are drawn. Defaults sample the untempered policy.</summary>
public sealed record SamplingOptions(
    [Setting("Logits are divided by this before the filters. 0: greedy.", Min = 0, Max = 100)] float Temperature = 1,
    [Setting("Keep the k likeliest tokens. 0: off.", Min = 0)] int TopK = 0,
    [Setting("Keep the smallest set of tokens with at least this probability. 1: off.", Min = 0.001, Max = 1)] float TopP = 1,
    [Setting("Drop tokens under this share of the likeliest token's probability. 0: off.", Min = 0, Max = 1)] float MinP = 0,
    [Setting(
        "Divides positive and multiplies negative logits of tokens already there (CTRL, arXiv 1909.05858). 1: off.",
        Min = 0.01,
        Max = 100)]
    float RepetitionPenalty = 1,
    [Setting("Most tokens in a completion, the end token included.", Min = 1, Max = 1_000_000)] int MaxTokens = 256,
    [Setting(WrittenAs = typeof(WrittenStopStrings))] IReadOnlyList<string>? StopStrings = null,
    [Setting(
        "Most tokens that a model thinks before its answer; then the token that ends thoughts is given to it. 0: as long as it likes.",
        Min = 0,
        Max = 1_000_000)]
        int ThoughtTokens = 0);
