using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Nodes;

/// <summary>Finds out from outside a cluster where one of its nodes answers by HTTP.</summary>
public static class NodeFinder
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <param name="places">Nodes' actor systems, as <c>host:port</c>; the first that answers is taken.</param>
    /// <exception cref="UserInputException">None answers.</exception>
    public static async Task<NodeReport> FindAsync(
        ImmutableArray<string> places,
        (Config Settings, ActorSystemSetup Setup)? security,
        CancellationToken cancellationToken)
    {
        var settings = (security?.Settings ?? Config.Empty)
            .WithFallback(ConfigurationFactory.ParseString("akka { loglevel = OFF, actor.provider = remote }"))
            .WithFallback(ClusterNode.Settings(Config.Empty, "{}"));
        var setup = BootstrapSetup.Create().WithConfig(settings);
        using var system = ActorSystem.Create(
            "iterative-dpo-client",
            security is { } given ? given.Setup.And(setup) : ActorSystemSetup.Create(setup));
        var protocol = security is null ? "akka.tcp" : "akka.ssl.tcp";
        try
        {
            foreach (var place in places)
            {
                var (host, port) = ParsePlace(place);
                try
                {
                    return await system
                        .ActorSelection(
                            new RootActorPath(new Address(protocol, ClusterNode.SystemName, host, port)) / "user" / NodeActor.Name)
                        .Ask<NodeReport>(new DescribeNode(), Patience, cancellationToken);
                }
                catch (AskTimeoutException)
                {
                }
            }
            throw new UserInputException(
                $"no node answers at {string.Join(", ", places)} within {Patience.TotalSeconds:0} s; check --join, that a node is up there"
                + (
                    security is null
                        ? ", and whether its cluster asks for a certificate (--certificate)."
                        : ", and that the certificate is of its cluster's authority."));
        }
        finally
        {
            await system.Terminate();
        }
    }

    /// <exception cref="UserInputException">It is no <c>host:port</c>.</exception>
    public static (string Host, int Port) ParsePlace(string place) =>
        place.LastIndexOf(':') is > 0 and var colon
        && int.TryParse(place.AsSpan(colon + 1), CultureInfo.InvariantCulture, out var port)
        && port is > 0 and < 65536
            ? (place[..colon].Trim('[', ']'), port)
            : throw new UserInputException($"--join {place}: write HOST:PORT, e.g. --join 10.0.0.1:4053.");
}
