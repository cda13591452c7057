using System.Collections.Immutable;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Protocol;

/// <summary>From a node to all others, again and again: this is how it is.</summary>
/// <param name="Http">Where it answers by HTTP, as <c>http://host:port/</c>.</param>
/// <param name="Version">The program's.</param>
/// <param name="Device">What its engines compute on.</param>
/// <param name="Draining">Whether it takes nothing new and is about to leave.</param>
/// <param name="InHand">Work in hand, as <c>campaign round/stage/index</c>.</param>
/// <param name="Troubles">What it cannot do, and what to do about it.</param>
/// <param name="Rate">Units of work an hour, over the last ten minutes.</param>
/// <param name="StartedAt">When the node was started, by its clock.</param>
/// <param name="Clock">Its time of sending.</param>
/// <param name="Notices">Whether it can tell somebody of nodes that are lost.</param>
public sealed record NodeReport(
    string Name,
    string Address,
    string Http,
    ImmutableArray<string> Roles,
    string Version,
    int Threads,
    string Device,
    bool Draining,
    ImmutableArray<string> InHand,
    ImmutableArray<string> Troubles,
    double Rate,
    DateTimeOffset StartedAt,
    DateTimeOffset Clock,
    bool Notices = false) : ICampaignMessage;

/// <summary>From a campaign to all nodes, again and again: here it is, and this is how it stands.</summary>
/// <param name="Http">Of the node that it is on.</param>
/// <param name="Bundle">What a node has to know to work for it.</param>
public sealed record CampaignAnnounced(string Campaign, CampaignStatus Status, string Http, Digest? Bundle) : ICampaignMessage;

/// <summary>To a node: answer with a <see cref="NodeReport"/>.</summary>
public sealed record DescribeNode : ICampaignMessage;

/// <summary>To a node: take nothing new, finish or hand back what is in hand, leave.</summary>
public sealed record DrainNode : ICampaignMessage;
