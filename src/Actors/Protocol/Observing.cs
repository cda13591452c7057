using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Protocol;

/// <summary>To a campaign in this process: send its state now and after every change, and what its workers report.</summary>
public sealed record WatchCampaign : ICampaignMessage;

/// <summary>
/// To a campaign: stop working, keeping what can be kept. Nothing is journalled; starting it, in this process or another, goes on from
/// here.
/// </summary>
public sealed record StopCampaign : ICampaignMessage;

/// <summary>To the watchers: asked to stop, and no work is in hand any more.</summary>
public sealed record CampaignStopped : ICampaignMessage;

/// <summary>To the watchers: the command was refused, or the campaign cannot be journalled; nothing that was journalled is lost.</summary>
public sealed record CampaignFailed(string Reason) : ICampaignMessage;

/// <summary>To who commanded: it is journalled, or there was nothing to do.</summary>
public sealed record CampaignAccepted(CampaignStatus Status) : ICampaignMessage;
