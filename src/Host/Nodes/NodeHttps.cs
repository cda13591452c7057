using IterativeDpo.Actors.Security;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace IterativeDpo.Host.Nodes;

/// <summary>A node's HTTP port, open to nodes only.</summary>
public static class NodeHttps
{
    /// <summary>To be given to <c>ListenOptions.UseHttps</c>.</summary>
    public static Action<HttpsConnectionAdapterOptions> For(NodeCertificate certificate) => https =>
    {
        https.ServerCertificate = certificate.Certificate;
        https.SslProtocols = NodeCertificate.Protocols;
        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        https.CheckCertificateRevocation = false;
        https.ClientCertificateValidation = (peer, _, _) => certificate.IsOfAuthority(peer);
    };
}
