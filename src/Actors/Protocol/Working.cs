using System.Collections.Immutable;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Protocol;

/// <summary>From a worker: work in hand got this far.</summary>
/// <param name="Done">Prompts or steps done.</param>
/// <param name="Total">Prompts or steps in this unit.</param>
/// <param name="Tokens">Tokens generated so far; 0 where none are.</param>
/// <param name="Seconds">Time spent so far.</param>
/// <param name="Metrics">The last step's metrics, by TRL's names; empty outside training.</param>
public sealed record WorkProgress(
    WorkId Id,
    int Done,
    int Total,
    long Tokens,
    double Seconds,
    ImmutableSortedDictionary<string, double> Metrics) : ICampaignMessage;

/// <summary>From a worker that has nothing in hand: it can take work of its role.</summary>
public sealed record WorkerReady(WorkerRole Role) : ICampaignMessage;

/// <summary>
/// From a worker, again and again: this is in hand. It keeps the lease, and tells a campaign that has moved who does what.
/// </summary>
/// <param name="Order">The order's number.</param>
public sealed record WorkInHand(WorkerRole Role, WorkId Id, long Order) : ICampaignMessage;

/// <summary>To a worker: what it told about this order is journalled, or of no use; it need not tell it again.</summary>
/// <param name="Order">The order's number, which another campaign's order may have too.</param>
public sealed record WorkSettled(string Campaign, long Order) : ICampaignMessage;

/// <summary>To a worker that is ready: there is nothing for it now; it is thought of when there is.</summary>
public sealed record NoWork(string Campaign) : ICampaignMessage;

/// <summary>To a worker: give up this order, keeping what can be kept.</summary>
/// <param name="Order">The order's number, which another campaign's order may have too.</param>
public sealed record CancelWork(string Campaign, long Order) : ICampaignMessage;

/// <summary>From a worker: it does not do the work, or gave it up because it was asked to; it counts as not attempted.</summary>
/// <param name="Order">The order's number.</param>
public sealed record WorkCancelled(WorkId Id, long Order) : ICampaignMessage;
