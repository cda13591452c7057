using IterativeDpo.Actors.Protocol;

namespace IterativeDpo.Actors.Nodes;

/// <summary>A node that its cluster goes on without though it did not leave.</summary>
/// <param name="Last">What it said of itself last.</param>
/// <param name="IsReplaced">Whether a later process of its name is there already.</param>
public sealed record LostNode(NodeReport Last, bool IsReplaced);
