using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Generation;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>How completions are sampled.</summary>
public sealed record GenerationOptions(
    [Setting(IsFlat = true)] SamplingOptions Sampling,
    [Setting("Completions of each prompt; pairs are made among them.", Default = "8", Min = 1, Max = 1024)] int SamplesPerPrompt,
    [Setting("Completions decoded side by side.", Default = "32", Min = 1, Max = 255)] int Sequences,
    [Setting("Most tokens of a prompt and its completion together.", Default = "1024", Min = 16, Max = 10_000_000)] int ContextTokens,
    [Setting("Most tokens to one call of the model.", Default = "512", Min = 1, Max = 1_000_000)] int BatchTokens,
    [Setting(
        "Completions of each prompt that the base draws beside the policy's, from the second round on: they may be rejected, and are never chosen (anchored rejection, arXiv 2508.06026). 0: off.",
        Min = 0,
        Max = 1024)]
    int BaseSamples = 0);
