using IterativeDpo.Generation;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>How completions are sampled.</summary>
/// <param name="SamplesPerPrompt">Completions of each prompt, 2 or more.</param>
/// <param name="Sequences">Completions decoded side by side.</param>
/// <param name="ContextTokens">Most tokens of a prompt and its completion together.</param>
/// <param name="BatchTokens">Most tokens to one call of the model.</param>
public sealed record GenerationOptions(
    SamplingOptions Sampling,
    int SamplesPerPrompt,
    int Sequences,
    int ContextTokens,
    int BatchTokens);
