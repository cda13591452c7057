using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Remote.Transport.DotNetty;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Security;

/// <summary>
/// What a node shows to others and asks of them: a certificate of the cluster's authority. Whoever has one is a node, by whichever name and
/// address; nobody else gets anything, on either side. Revocation is not checked.
/// </summary>
public sealed class NodeCertificate : IDisposable
{
    /// <summary>Settings of the actor system that has <see cref="AkkaSetup"/>; without that it does not start.</summary>
    public const string AkkaSettings = """
        akka.remote.dot-netty.tcp {
          enable-ssl = true
          ssl {
            suppress-validation = false
            require-mutual-authentication = true
            validate-certificate-hostname = false
          }
        }
        """;

    /// <summary>Of TLS.</summary>
    public const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;

    private static readonly TimeSpan s_warnedBefore = TimeSpan.FromDays(30);

    private readonly X509Certificate2 _authority;
    private readonly TimeProvider _time;

    private NodeCertificate(X509Certificate2 certificate, X509Certificate2 authority, string? warning, TimeProvider time) =>
        (Certificate, _authority, Warning, _time) = (certificate, authority, warning, time);

    /// <summary>This node's, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>A line for the user in the last 30 days of the certificate or the authority, else null.</summary>
    public string? Warning { get; }

    /// <summary>TLS on both sides of every connection between actor systems.</summary>
    public DotNettySslSetup AkkaSetup => new(
        Certificate,
        suppressValidation: false,
        requireMutualAuthentication: true,
        customValidator: (peer, _, _, _, _) => IsOfAuthority(peer));

    /// <summary>A node's certificate is a server's and a client's; it is taken only with both purposes.</summary>
    public static OidCollection Purposes => [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")];

    /// <summary>Reads a node's certificate, its key and the authority's certificate.</summary>
    /// <param name="path"><c>NAME.crt</c> with <c>NAME.key</c> and <c>ca.crt</c> beside it, or their directory where it has one such node
    /// only.</param>
    /// <exception cref="UserInputException">A file is missing, cannot be read, is of another kind, has expired, or is of another
    /// authority.</exception>
    public static NodeCertificate Load(string path, TimeProvider time)
    {
        var file = Directory.Exists(path) ? OnlyNodeIn(path) : path;
        var authorityFile = Path.Combine(
            Path.GetDirectoryName(Path.GetFullPath(file))!,
            CertificateFile.Authority + CertificateFile.Certificate);
        var authority = CertificateFile.ReadAuthority(authorityFile, key: null, time);
        var certificate = CertificateFile.ReadNode(file, time);
        var (ends, until) = certificate.NotAfter <= authority.NotAfter ? (file, certificate) : (authorityFile, authority);
        var warning = until.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime < s_warnedBefore
            ? $"{ends}: this certificate expires on {CertificateFile.LastDay(until)}; make a new one with ./dpo certificates, and start this node again."
            : null;
        var node = new NodeCertificate(certificate, authority, warning, time);
        if (node.IsOfAuthority(certificate)) return node;
        node.Dispose();
        throw new UserInputException(
            $"{file}: this is not a node's certificate of the authority in {authorityFile}. Copy both from the directory where "
            + "./dpo certificates made them.");
    }

    /// <summary>Whether somebody's certificate is a node's of this authority, valid now.</summary>
    public bool IsOfAuthority(X509Certificate? peer)
    {
        if (peer is null) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // Nothing is fetched because somebody's certificate says so.
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = _time.GetLocalNow().DateTime;
        foreach (var purpose in Purposes)
        {
            chain.ChainPolicy.ApplicationPolicy.Add(purpose);
        }
        return chain.Build(peer as X509Certificate2 ?? new X509Certificate2(peer));
    }

    /// <summary>A client that shows this certificate, and talks to nodes only.</summary>
    public SocketsHttpHandler CreateHttpHandler() => new()
    {
        AllowAutoRedirect = false,
        // Nodes talk to each other directly, whatever the environment says about the world outside.
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = Protocols,
            ClientCertificates = [Certificate],
            LocalCertificateSelectionCallback = (_, _, _, _, _) => Certificate,
            RemoteCertificateValidationCallback = (_, peer, _, _) => IsOfAuthority(peer),
        },
    };

    public void Dispose()
    {
        Certificate.Dispose();
        _authority.Dispose();
    }

    private static string OnlyNodeIn(string directory)
    {
        return CertificateFile.NodesIn(directory) switch
        {
            [var only] => only,
            [] => throw new UserInputException(
                $"{directory}: no node's certificate is there. Copy NAME.crt, NAME.key and ca.crt from where ./dpo certificates made them."
            ),
            var nodes => throw new UserInputException(
                $"{directory}: several nodes' certificates are there. Name one of them: {string.Join(", ", nodes)}."),
        };
    }
}
