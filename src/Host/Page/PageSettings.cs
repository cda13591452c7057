using System.Net;
using System.Net.Sockets;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Host.Page;

/// <summary>Where the page is, and who may see it.</summary>
/// <param name="Tokens">One of these has to be shown; none: whoever reaches it may read and judge, which is this machine alone.</param>
/// <param name="IsGiven">Whether the address was asked for, and is not just the usual one.</param>
internal sealed record PageSettings(IPEndPoint At, IReadOnlyList<PageToken> Tokens, bool IsGiven)
{
    public const string Usual = "127.0.0.1:8420";
    public const string AddressVariable = "DPO_PAGE", TokenVariable = "DPO_PAGE_TOKEN";

    private const string Off = "off";
    private const int UsualPort = 8420;

    /// <param name="address"><c>off</c>, a port, or an address with one.</param>
    /// <param name="tokenFile">A file with tokens, a line each; null: the environment variable, where it is set.</param>
    /// <returns>Null where there is to be none.</returns>
    /// <exception cref="UserInputException">It is no address, the token cannot be used, or the address can be reached from elsewhere and
    /// there is no token.</exception>
    public static PageSettings? Of(string address, string? tokenFile, bool isGiven)
    {
        if (address == Off)
        {
            return null;
        }
        var at = Parse(address);
        var tokens = ReadTokens(tokenFile);
        return tokens.Count > 0 || IPAddress.IsLoopback(at.Address) ? new(at, tokens, isGiven) : throw new UserInputException(
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
        if (address.LastIndexOf(':') is > 0 and var colon
            && int.TryParse(address[(colon + 1)..], out port)
            && port is >= 0 and <= IPEndPoint.MaxPort)
        {
            try
            {
                return new(Dns.GetHostAddresses(address[..colon]).OrderBy(found => found.AddressFamily).First(), port);
            }
            catch (Exception e) when (e is SocketException or ArgumentException or InvalidOperationException)
            {
                throw new UserInputException(
                    $"--page {address}: there is no such host: {e.Message}. Write HOST:PORT, such as {Usual}, or off.",
                    e);
            }
        }
        throw new UserInputException($"--page {address}: this is no address. Write HOST:PORT, such as {Usual}, a port, or off.");
    }

    private static IReadOnlyList<PageToken> ReadTokens(string? file)
    {
        if (file is null)
        {
            return PageToken.Parse(Environment.GetEnvironmentVariable(TokenVariable) ?? "", TokenVariable);
        }
        try
        {
            var tokens = PageToken.Parse(File.ReadAllText(file), $"--page-token-file {file}");
            return tokens.Count > 0
                ? tokens
                : throw new UserInputException(
                    $"--page-token-file {file}: there is no token in it. Put one there: openssl rand -hex 24 gives one.");
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw new UserInputException($"--page-token-file {file}: it cannot be read: {IoFailure.Cause(e)}", e);
        }
    }
}
