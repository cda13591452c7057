using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Actors.Security;

/// <summary>
/// Certificates in files: PEM, <c>NAME.crt</c> and <c>NAME.key</c> beside it, with the authority's <c>ca.crt</c> in the same directory.
/// </summary>
public static class CertificateFile
{
    public const string Certificate = ".crt", Key = ".key", Authority = "ca";

    /// <summary>An authority's certificate, with its key if <paramref name="key"/> is given.</summary>
    /// <exception cref="UserInputException">It cannot be read, is of another kind, or is not valid now.</exception>
    public static X509Certificate2 ReadAuthority(string path, string? key, TimeProvider time)
    {
        var authority = Read(path, key);
        if (authority.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority))
        {
            CheckTime(
                authority,
                path,
                time,
                "Make a new authority in another directory with ./dpo certificates, and a certificate of it for every node.");
            return authority;
        }
        authority.Dispose();
        throw new UserInputException(
            $"{path}: this is the certificate of a node or a server, and an authority's is needed. ./dpo certificates makes one.");
    }

    /// <summary>A node's certificate with its key.</summary>
    /// <exception cref="UserInputException">It cannot be read, is of another kind, or is not valid now.</exception>
    public static X509Certificate2 ReadNode(string path, TimeProvider time)
    {
        var certificate = Read(path, Path.ChangeExtension(path, Key));
        CheckTime(certificate, path, time, "Make a new one where the authority is: ./dpo certificates --out DIR --node NAME --force.");
        return certificate;
    }

    /// <summary>The files with certificates of nodes in a directory.</summary>
    /// <exception cref="UserInputException">It cannot be read.</exception>
    public static IReadOnlyList<string> NodesIn(string directory)
    {
        try
        {
            return
            [
                .. Directory
                    .EnumerateFiles(directory, "*" + Certificate)
                    .Where(file => Path.GetFileNameWithoutExtension(file) != Authority)
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw new UserInputException($"{directory}: cannot be read: {IoFailure.Cause(e)}", e);
        }
    }

    /// <summary>The day on which it ends.</summary>
    public static string LastDay(X509Certificate2 certificate) => Day(certificate.NotAfter);

    private static X509Certificate2 Read(string path, string? key)
    {
        X509Certificate2? certificate = null;
        var read = path;
        try
        {
            var text = File.ReadAllText(path);
            certificate = X509Certificate2.CreateFromPem(text);
            if (key is null) return certificate;
            certificate.Dispose();
            read = key;
            return X509Certificate2.CreateFromPem(text, File.ReadAllText(key));
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw new UserInputException($"{read}: cannot be read: {IoFailure.Cause(e)}", e);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new UserInputException(certificate is null
                ? $"{path}: this is no certificate in PEM form (-----BEGIN CERTIFICATE-----). ./dpo certificates makes one."
                : $"{key}: this is not the key of {path} in PEM form. Copy both from the directory where ./dpo certificates made them.", e);
        }
    }

    private static void CheckTime(X509Certificate2 certificate, string path, TimeProvider time, string wayOut)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var fault = now > certificate.NotAfter.ToUniversalTime() ? $"expired on {LastDay(certificate)}. {wayOut}"
            : now < certificate.NotBefore.ToUniversalTime()
                ? $"is valid from {Day(certificate.NotBefore)} only. Check this machine's clock."
            : null;
        if (fault is null) return;
        certificate.Dispose();
        throw new UserInputException($"{path}: this certificate {fault}");
    }

    private static string Day(DateTime local) => local.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
