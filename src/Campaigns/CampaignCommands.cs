using IterativeDpo.Artifacts;

namespace IterativeDpo.Campaigns;

/// <summary>What a campaign is asked to do.</summary>
public abstract record CampaignCommand : ICampaignMessage;

/// <summary>Begin, or go on after a pause or a restart; the plan may have other rounds and retries than before.</summary>
public sealed record StartCampaign(CampaignPlan Plan) : CampaignCommand;

/// <summary>Go on after a restart with the plan there is.</summary>
public sealed record ResumeCampaign : CampaignCommand;

/// <summary>From an operator: give out no more work until somebody asks to go on. What is in hand is finished and counts.</summary>
/// <param name="By">Who; null where that is not told.</param>
public sealed record PauseCampaign(string Reason, string? By = null) : CampaignCommand;

/// <summary>From an operator: go on after a pause.</summary>
/// <inheritdoc cref="PauseCampaign" path="/param[@name='By']"/>
public sealed record ContinueCampaign(string? By = null) : CampaignCommand;

/// <summary>From an operator: go on for more rounds, or let a judge spend more. What is not above what there is changes nothing.</summary>
/// <param name="Rounds">In all; null: as many as planned.</param>
/// <param name="Judge">Whose budget; null is none.</param>
/// <inheritdoc cref="PauseCampaign" path="/param[@name='By']"/>
public sealed record RaiseLimits(int? Rounds, string? Judge, JudgeBudget? Budget, string? By = null) : CampaignCommand;

/// <summary>From an operator: end for good.</summary>
public sealed record CancelCampaign : CampaignCommand;

/// <summary>From a worker: count this result. Repeated and outdated results change nothing.</summary>
/// <param name="Order">The number of the order that it was done for, which does not matter to the work: it is the same whichever order led
/// to it. 0 is none.</param>
public sealed record CompleteWork(WorkResult Result, long Order = 0) : CampaignCommand;

/// <summary>From a worker: this attempt came to nothing, or to a part.</summary>
/// <param name="Partial">What of the work is done and stored, for the next attempt, or to do without the rest if there is none; null is
/// nothing.</param>
/// <param name="Order">The number of the order that it was tried for; 0 is none.</param>
/// <param name="Lost">An artifact that the work needs and no node has any more; null is none.</param>
/// <param name="Bundle">What it went by; null in one process, and from an older node.</param>
public sealed record FailWork(
    WorkId Id,
    string Reason,
    FailureKind Kind,
    JudgeResult? Partial = null,
    long Order = 0,
    Digest? Lost = null,
    Digest? Bundle = null) : CampaignCommand;

/// <summary>From a worker: so far the training is stored, to go on from if it is cut short.</summary>
public sealed record CheckpointWork(WorkId Id, Digest Checkpoint) : CampaignCommand;
