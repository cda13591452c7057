using System.Collections.Immutable;
using IterativeDpo.Artifacts;
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

/// <summary>To a worker: give up what is in hand, keeping what can be kept.</summary>
public sealed record CancelWork : ICampaignMessage;

/// <summary>From a worker: the work was given up because the campaign asked; it counts as not attempted.</summary>
/// <param name="Order">The order's number.</param>
public sealed record WorkCancelled(WorkId Id, long Order) : ICampaignMessage;

/// <summary>From a worker that has nothing in hand: it can take work of its role.</summary>
public sealed record WorkerReady(WorkerRole Role) : ICampaignMessage;

/// <summary>To a generator: complete with this adapter from now on.</summary>
public sealed record SwapAdapter(Digest Adapter) : ICampaignMessage;

/// <summary>From a generator: the adapter is on.</summary>
public sealed record AdapterSwapped(Digest Adapter) : ICampaignMessage;

/// <summary>From a generator: the adapter could not be put on.</summary>
public sealed record AdapterRefused(Digest Adapter, string Reason) : ICampaignMessage;
