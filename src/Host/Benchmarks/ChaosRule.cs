using IterativeDpo.Actors.Nodes;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>
/// Which nodes a fault may meet. Several may be wounded at once, as long as the campaign can make progress: without them each role is
/// played by a node that is well, and of three coordinators two are well. A sole coordinator may always be met: the campaign waits for it.
/// Nobody counts on guests.
/// </summary>
internal static class ChaosRule
{
    /// <summary>Whether the campaign can do without these nodes, beside those that are wounded.</summary>
    public static bool CanDoWithout(IReadOnlyCollection<ChaosNode> all, params IReadOnlyCollection<ChaosNode> met)
    {
        var coordinators = all.Count(node => node.IsCoordinator);
        ChaosNode[] well = [.. all.Where(node => node is { IsGuest: false, IsWounded: false } && !met.Contains(node))];
        return met.All(node => !node.IsWounded)
            && NodeRoles.All.Where(role => role != NodeRoles.Coordinator).All(role => well.Any(node => node.Roles.Contains(role)))
            && (coordinators == 1 || !met.Any(node => node.IsCoordinator) || 2 * well.Count(node => node.IsCoordinator) > coordinators);
    }
}
