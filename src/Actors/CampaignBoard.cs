using System.Collections.Concurrent;
using System.Collections.Immutable;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>How a campaign on this node stands.</summary>
/// <param name="Work">The work in hand that was last heard of; null is none since the state changed.</param>
/// <param name="Missing">Roles that work is due for and nobody plays, by when that was first so.</param>
public sealed record CampaignStanding(CampaignState State, WorkProgress? Work, ImmutableDictionary<WorkerRole, DateTimeOffset> Missing)
{
    public static CampaignStanding Empty { get; } = new(CampaignState.Empty, null, ImmutableDictionary<WorkerRole, DateTimeOffset>.Empty);
}

/// <summary>
/// The campaigns whose entities are on this node, for whoever looks from outside the actors. Safe to use from any thread.
/// </summary>
public sealed class CampaignBoard(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, CampaignStanding> _standings = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, CampaignStanding> Standings => _standings;

    internal void Show(string campaign, CampaignState state) => Change(campaign, standing => standing with { State = state, Work = null });

    internal void Show(string campaign, WorkProgress work) => Change(campaign, standing => standing with { Work = work });

    internal void Show(string campaign, ImmutableArray<WorkerRole> missing) => Change(campaign, standing => standing with
    {
        Missing = missing.ToImmutableDictionary(role => role, role => standing.Missing.GetValueOrDefault(role, time.GetUtcNow())),
    });

    internal void Remove(string campaign) => _standings.TryRemove(campaign, out _);

    private void Change(string campaign, Func<CampaignStanding, CampaignStanding> change) =>
        _standings.AddOrUpdate(campaign, _ => change(CampaignStanding.Empty), (_, standing) => change(standing));
}
