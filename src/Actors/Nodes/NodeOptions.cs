using System.Collections.Immutable;
using Akka.Actor.Setup;
using Akka.Configuration;

namespace IterativeDpo.Actors.Nodes;

/// <summary>What a node may do in a cluster.</summary>
public static class NodeRoles
{
    public const string Coordinator = "coordinator", Generator = "generator", Judge = "judge", Trainer = "trainer";

    public static IReadOnlyList<string> All { get; } = [Coordinator, Generator, Judge, Trainer];
}

/// <summary>How a node is started.</summary>
/// <param name="Name">Tells it from other nodes, for people.</param>
/// <param name="StatePath">Where it keeps its artifacts and, on a coordinator, the journal.</param>
/// <param name="Host">Under which others reach it.</param>
/// <param name="Port">Of the actor system; 0 is any.</param>
/// <param name="Http">Where it answers by HTTP.</param>
/// <param name="Join">Coordinators to join, as <c>host:port</c>; none begins a cluster.</param>
/// <param name="Journal">A PostgreSQL server's address; null is a file in the state directory.</param>
/// <param name="Threads">Of its engines.</param>
/// <param name="Device">What its engines compute on.</param>
/// <param name="FetchModels">Whether a model that is missing here is brought from a node that has it.</param>
/// <param name="CacheBytes">The most artifacts to have, where others keep them.</param>
/// <param name="Stall">How long an engine at work may say nothing before the node is taken for stuck.</param>
/// <param name="Security">Settings of the transport between nodes, and what they need.</param>
public sealed record NodeOptions(
    string Name,
    ImmutableArray<string> Roles,
    string StatePath,
    string Host,
    int Port,
    Uri Http,
    ImmutableArray<string> Join,
    Uri? Journal,
    int Threads,
    string Device,
    string Version,
    bool FetchModels,
    long CacheBytes,
    TimeSpan Stall,
    (Config Settings, ActorSystemSetup Setup)? Security)
{
    public bool IsCoordinator => Roles.Contains(NodeRoles.Coordinator);

    /// <summary>Names what starts the node's process anew when it dies, like nothing else; null where nothing does.</summary>
    public string? Supervisor { get; init; }
}
