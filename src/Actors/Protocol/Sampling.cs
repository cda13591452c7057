using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Protocol;

/// <summary>Completes prompts: several samples of each training prompt, or one greedy completion of each held-out prompt.</summary>
/// <param name="Adapter">The adapter of the policy that samples; null is the base.</param>
/// <param name="FirstPrompt">Index of the unit's first prompt in the round's (or the held-out) prompts.</param>
/// <param name="PromptStatistics">Stored statistics that a curriculum draws the round's prompts by; null is none yet.</param>
public sealed record SampleOrder(WorkId Id, Digest? Adapter, int FirstPrompt, int Prompts, Digest? PromptStatistics = null) : WorkOrder(Id);

/// <param name="Samples">The stored samples file.</param>
/// <param name="SampleCount">Completions in it.</param>
/// <param name="Tokens">Generated tokens in it.</param>
/// <param name="MeanEntropy">Mean entropy of the policy per generated token, in nats.</param>
public sealed record SampleResult(
    WorkId Id,
    Digest Samples,
    int Prompts,
    int SampleCount,
    long Tokens,
    double MeanEntropy,
    double Seconds) : WorkResult(Id, Seconds);
