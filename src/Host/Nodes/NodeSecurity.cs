using Akka.Actor.Setup;
using Akka.Configuration;

namespace IterativeDpo.Host.Nodes;

/// <summary>How nodes, and who commands them, know each other.</summary>
/// <param name="Akka">Of the transport between actor systems; null is open.</param>
internal sealed record NodeSecurity((Config Settings, ActorSystemSetup Setup)? Akka, Func<SocketsHttpHandler> Handler)
{
    /// <summary>For this machine alone.</summary>
    public static NodeSecurity None { get; } = new(null, () => new SocketsHttpHandler());

    public HttpClient Client() => new(Handler()) { Timeout = Timeout.InfiniteTimeSpan };
}
