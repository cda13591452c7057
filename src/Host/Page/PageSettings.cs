using System.Net;
using System.Net.Sockets;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Host.Page;

/// <summary>Where the page is, and who may see it.</summary>
/// <param name="Token">What has to be shown to see it; null: whoever reaches it may, which is this machine alone.</param>
/// <param name="IsGiven">Whether the address was asked for, and is not just the usual one.</param>
internal sealed record PageSettings(IPEndPoint At, string? Token, bool IsGiven)
{
    public const string Usual = "127.0.0.1:8420";
    public const string AddressVariable = "DPO_PAGE", TokenVariable = "DPO_PAGE_TOKEN";

    private const string Off = "off";
    private const int UsualPort = 8420;
    private const int LeastToken = 16;

    /// <param name="address"><c>off</c>, a port, or an address with one.</param>
    /// <param name="tokenFile">A file whose first line is the token; null: the environment variable, where it is set.</param>
    /// <returns>Null where there is to be none.</returns>
    /// <exception cref="UserInputException">It is no address, the token cannot be used, or the address can be reached from elsewhere and there is no token.</exception>
    public static PageSettings? Of(string address, string? tokenFile, bool isGiven)
    {
        if (address == Off)
        {
            return null;
        }
        var at = Parse(address);
        var token = ReadToken(tokenFile);
        return token is not null || IPAddress.IsLoopback(at.Address) ? new(at, token, isGiven) : throw new UserInputException(
            $"--page {address}: whoever reaches this address could read the campaign; beyond this machine the page wants a token: put a long random text into a file and "
            + $"name it with --page-token-file, or set {TokenVariable}. Or listen at {Usual} and have a reverse proxy or ssh -L lead there.");
    }

    private static IPEndPoint Parse(string address)
    {
        if (int.TryParse(address, out var port) && port is >= 0 and <= IPEndPoint.MaxPort)
        {
            return new(IPAddress.Loopback, port);
        }
        if (IPEndPoint.TryParse(address, out var at))
        {
            // An address alone reads as one with port 0.
            return address.EndsWith(":0", StringComparison.Ordinal) || at.Port > 0 ? at : new(at.Address, UsualPort);
        }
        if (address.LastIndexOf(':') is > 0 and var colon && int.TryParse(address[(colon + 1)..], out port) && port is >= 0 and <= IPEndPoint.MaxPort)
        {
            try
            {
                return new(Dns.GetHostAddresses(address[..colon]).OrderBy(found => found.AddressFamily).First(), port);
            }
            catch (Exception e) when (e is SocketException or ArgumentException or InvalidOperationException)
            {
                throw new UserInputException($"--page {address}: there is no such host: {e.Message}. Write HOST:PORT, such as {Usual}, or off.", e);
            }
        }
        throw new UserInputException($"--page {address}: this is no address. Write HOST:PORT, such as {Usual}, a port, or off.");
    }

    private static string? ReadToken(string? file)
    {
        var (token, place) = (Environment.GetEnvironmentVariable(TokenVariable), TokenVariable);
        if (file is not null)
        {
            try
            {
                (token, place) = (File.ReadLines(file).FirstOrDefault(""), $"--page-token-file {file}");
            }
            catch (Exception e) when (IoFailure.Is(e))
            {
                throw new UserInputException($"--page-token-file {file}: it cannot be read: {IoFailure.Cause(e)}", e);
            }
        }
        token = token?.Trim();
        return token is null || (file is null && token.Length == 0) ? null
            : token.Length >= LeastToken && token.All(c => c is > ' ' and < '\x7F') ? token
            : throw new UserInputException($"{place}: a token is {LeastToken} to any number of letters, digits and signs without spaces, such as: openssl rand -hex 24 gives.");
    }
}
