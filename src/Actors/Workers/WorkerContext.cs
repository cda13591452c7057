using IterativeDpo.Actors.Configuration;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Actors.Workers;

/// <summary>What workers of a campaign work with.</summary>
/// <param name="BaseModel">Digest of the base model's file.</param>
/// <param name="WorkPath">Where training keeps its checkpoints.</param>
public sealed record WorkerContext(
    CampaignOptions Options,
    CampaignEngines Engines,
    CampaignPrompts Prompts,
    ArtifactStore Store,
    Digest BaseModel,
    string WorkPath,
    CampaignLink Campaign,
    TimeProvider Time);
