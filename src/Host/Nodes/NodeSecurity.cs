using Akka.Actor.Setup;
using Akka.Configuration;
using IterativeDpo.Actors.Security;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IterativeDpo.Host.Nodes;

/// <summary>
/// How nodes, and who commands them, know each other: by certificates of one authority, or not at all where all are on this machine.
/// </summary>
internal sealed class NodeSecurity(NodeCertificate? certificate) : IDisposable
{
    /// <summary>Of the transport between actor systems; null is open.</summary>
    public (Config Settings, ActorSystemSetup Setup)? Akka { get; } =
        certificate is null
            ? null
            : (ConfigurationFactory.ParseString(NodeCertificate.AkkaSettings), ActorSystemSetup.Create(certificate.AkkaSetup));

    public string Scheme => certificate is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;

    /// <summary>What should be put right soon, or null.</summary>
    public string? Warning => certificate?.Warning;

    /// <param name="path">See <see cref="NodeCertificate.Load"/>; null is none.</param>
    /// <exception cref="Artifacts.UserInputException">The certificate cannot be used.</exception>
    public static NodeSecurity Load(string? path) => new(path is null ? null : NodeCertificate.Load(path, TimeProvider.System));

    /// <summary>For bulk, too: it has no time limit of its own.</summary>
    public HttpClient Client() =>
        new(certificate?.CreateHttpHandler() ?? new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };

    public void Secure(ListenOptions listen)
    {
        if (certificate is not null)
        {
            listen.UseHttps(NodeHttps.For(certificate));
        }
    }

    public void Dispose() => certificate?.Dispose();
}
