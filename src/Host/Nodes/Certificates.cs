using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using IterativeDpo.Actors.Security;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Host.Nodes;

/// <summary>What <c>dpo certificates</c> made.</summary>
/// <param name="Hosts">Names and addresses in the node's certificate, for clients that check them; nodes do not.</param>
/// <param name="NewAuthority">Whether the authority was made with it.</param>
/// <param name="Until">The node's last day.</param>
/// <param name="AuthorityUntil">The authority's last day.</param>
public sealed record NodeCertificateFiles(
    string Node,
    IReadOnlyList<string> Hosts,
    string Certificate,
    string Key,
    string Authority,
    string AuthorityKey,
    bool NewAuthority,
    string Until,
    string AuthorityUntil);

/// <summary>
/// Makes a cluster's own authority and its nodes' certificates: ECDSA on P-256, PEM, without passwords, keys for the owner's eyes only.
/// </summary>
public static partial class Certificates
{
    private const int AuthorityDays = 3650, SerialBytes = 16;

    /// <summary>Makes a node's certificate, and the authority if the directory has none.</summary>
    /// <param name="hosts">Host names and IP addresses of the node; its name and this machine's loopback if there are none.</param>
    /// <param name="days">How long it is valid, but not longer than the authority.</param>
    /// <param name="force">Replace the node's certificate; an authority is never replaced.</param>
    /// <exception cref="UserInputException">A name that is none, files that are there, an authority that cannot be used, no
    /// permission.</exception>
    public static NodeCertificateFiles Make(
        string directory,
        string node,
        IReadOnlyList<string> hosts,
        int days,
        bool force,
        TimeProvider time)
    {
        if (!NodeName().IsMatch(node) || node == CertificateFile.Authority)
        {
            throw new UserInputException(
                $"--node {node}: a name is letters, digits, '.', '-' and '_', 63 at most, begins with a letter or digit, and is not '{CertificateFile.Authority}'.");
        }
        IReadOnlyList<string> names =
            hosts.Count > 0
                ? hosts
                : [.. new[] { node, "localhost", "127.0.0.1", "::1" }.Where(name => Uri.CheckHostName(name) != UriHostNameType.Unknown)];
        var alternatives = AlternativesOf(names);
        var (certificateFile, keyFile) = FilesOf(directory, node);
        var (authorityFile, authorityKeyFile) = FilesOf(directory, CertificateFile.Authority);
        try
        {
            if (!force && (File.Exists(certificateFile) || File.Exists(keyFile)))
            {
                throw new UserInputException(
                    $"{certificateFile}: there is one already. Choose another --node, or replace it with --force.");
            }
            CreateDirectory(directory);
            var isNew = !File.Exists(authorityFile) && !File.Exists(authorityKeyFile);
            if (isNew)
            {
                MakeAuthority(authorityFile, authorityKeyFile, time);
            }
            using var authority = CertificateFile.ReadAuthority(authorityFile, authorityKeyFile, time);
            using var certificate = MakeNode(authority, node, alternatives, days, keyFile, certificateFile, force, time);
            return new(
                node,
                names,
                certificateFile,
                keyFile,
                authorityFile,
                authorityKeyFile,
                isNew,
                CertificateFile.LastDay(certificate),
                CertificateFile.LastDay(authority));
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw new UserInputException($"{directory}: certificates cannot be written there: {IoFailure.Cause(e)}", e);
        }
    }

    private static void MakeAuthority(string certificateFile, string keyFile, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=IterativeDpo cluster", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(AuthorityDays));
        Write(keyFile, key.ExportPkcs8PrivateKeyPem(), isSecret: true, force: false);
        Write(certificateFile, certificate.ExportCertificatePem(), isSecret: false, force: false);
    }

    private static X509Certificate2 MakeNode(
        X509Certificate2 authority,
        string node,
        SubjectAlternativeNameBuilder alternatives,
        int days,
        string keyFile,
        string certificateFile,
        bool force,
        TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={node}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(NodeCertificate.Purposes, critical: false));
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false)
        );
        var now = time.GetUtcNow();
        // Clocks differ between machines: valid since yesterday, if the authority is.
        var (first, last) = (now.AddDays(-1), now.AddDays(days));
        var (authorityFirst, authorityLast) = (new DateTimeOffset(authority.NotBefore), new DateTimeOffset(authority.NotAfter));
        var certificate = request.Create(
            authority,
            first > authorityFirst ? first : authorityFirst,
            last < authorityLast ? last : authorityLast,
            RandomNumberGenerator.GetBytes(SerialBytes));
        Write(keyFile, key.ExportPkcs8PrivateKeyPem(), isSecret: true, force);
        Write(certificateFile, certificate.ExportCertificatePem(), isSecret: false, force);
        return certificate;
    }

    private static (string Certificate, string Key) FilesOf(string directory, string name) =>
        (Path.Combine(directory, name + CertificateFile.Certificate), Path.Combine(directory, name + CertificateFile.Key));

    private static SubjectAlternativeNameBuilder AlternativesOf(IReadOnlyList<string> hosts)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            switch (Uri.CheckHostName(host))
            {
                case UriHostNameType.IPv4 or UriHostNameType.IPv6:
                    alternatives.AddIpAddress(IPAddress.Parse(host));
                    break;
                case UriHostNameType.Dns:
                    alternatives.AddDnsName(host);
                    break;
                default:
                    throw new UserInputException($"--host {host}: neither a host name nor an IP address; no scheme and no port.");
            }
        }
        return alternatives;
    }

    private static void CreateDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>A file that is there whole or not at all, and that nobody else could read at any moment if it is a secret.</summary>
    private static void Write(string path, string text, bool isSecret, bool force)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (isSecret && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        var temporary = $"{path}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}.tmp";
        try
        {
            using (var file = new FileStream(temporary, options))
            {
                file.Write(Encoding.ASCII.GetBytes($"{text}\n"));
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: force);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z")]
    private static partial Regex NodeName();
}
