using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Campaigns;

/// <summary>What has happened. Events carry the time, so that a replay gives the same state to the bit.</summary>
public abstract record CampaignEvent(DateTimeOffset At) : ICampaignMessage;

public sealed record CampaignStarted(CampaignPlan Plan, DateTimeOffset At) : CampaignEvent(At);

/// <summary>The campaign goes on after a pause or a restart; the time since the event before was not spent on it.</summary>
/// <param name="By">The operator who had it so; null where nobody did, or it is not told.</param>
public sealed record CampaignResumed(
    DateTimeOffset At, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? By = null) : CampaignEvent(At);

/// <summary>The campaign goes on with other rounds or retries; what changes results stays as it was.</summary>
/// <inheritdoc cref="CampaignResumed" path="/param[@name='By']"/>
public sealed record PlanRevised(
    CampaignPlan Plan,
    DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? By = null) : CampaignEvent(At);

/// <param name="Policy">The checkpoint that samples in this round; null is the base.</param>
public sealed record RoundStarted(int Round, Digest? Policy, DateTimeOffset At) : CampaignEvent(At);

public sealed record WorkCompleted(WorkResult Result, DateTimeOffset At) : CampaignEvent(At);

/// <summary>An attempt failed; the work is tried again under the same id.</summary>
/// <param name="Done">What it comes to without what failed; null is nothing more than before.</param>
public sealed record WorkFailed(WorkId Id, string Reason, DateTimeOffset At, JudgeResult? Done = null) : CampaignEvent(At);

/// <summary>The round goes on without this unit.</summary>
public sealed record WorkDropped(WorkId Id, string Reason, DateTimeOffset At) : CampaignEvent(At);

/// <inheritdoc cref="CampaignResumed" path="/param[@name='By']"/>
public sealed record CampaignPaused(
    string Reason,
    DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? By = null) : CampaignEvent(At);

/// <param name="Gate">What the gate went by; null where it was not asked, and in journals from before it was noted.</param>
public sealed record RoundCompleted(
    int Round,
    RoundOutcome Outcome,
    DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GateEvidence? Gate = null) : CampaignEvent(At);

/// <param name="Reason">Why before its last round; null after that.</param>
public sealed record CampaignCompleted(
    DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null) : CampaignEvent(At);

/// <summary>Ended by an operator before its last round, for good.</summary>
public sealed record CampaignCancelled(DateTimeOffset At) : CampaignEvent(At);

/// <summary>No node has the artifact any more: the work of this round that left it is due again.</summary>
public sealed record ArtifactLost(Digest Artifact, DateTimeOffset At) : CampaignEvent(At);

/// <summary>A training is stored so far.</summary>
public sealed record TrainingCheckpointed(int Round, Digest Checkpoint, DateTimeOffset At) : CampaignEvent(At);

/// <summary>What came before is of another campaign; from here on this one goes on by itself, with settings of its own.</summary>
public sealed record CampaignForked(CampaignOrigin Origin, CampaignPlan Plan, DateTimeOffset At) : CampaignEvent(At);
