using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors.Workers;

/// <summary>What workers of a campaign work with.</summary>
/// <param name="BaseModel">Digest of the base model's file.</param>
/// <param name="JudgeIdentity">Who judges the samples, for provenance.</param>
/// <param name="WorkPath">Where training keeps its checkpoints.</param>
public sealed record WorkerContext(
    CampaignOptions Options,
    CampaignEngines Engines,
    CampaignPrompts Prompts,
    ArtifactStore Store,
    Digest BaseModel,
    string JudgeIdentity,
    string WorkPath,
    TimeProvider Time)
{
    /// <summary>As many as prompts are judged at once, over all units.</summary>
    internal SemaphoreSlim JudgingSlots { get; } = new(Options.Judging.Concurrency);
}
