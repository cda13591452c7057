using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IterativeDpo.Host.Page;

/// <summary>
/// Stands before everything that the page answers: only reading, only from who may, only so often, and nothing that a browser would run but the
/// page's own script. What models wrote is text on these pages; should some get out all the same, the browser is told to run none of it.
/// </summary>
internal sealed class PageGuard(string? token) : IDisposable
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private readonly byte[]? _token = token is null ? null : Hash(token);

    private readonly PartitionedRateLimiter<IPAddress> _requests = Limiter(burst: 600, perSecond: 300);

    /// <summary>Of requests with a wrong token.</summary>
    private readonly PartitionedRateLimiter<IPAddress> _guesses = Limiter(burst: 20, perSecond: 1);

    /// <returns>Null where the request may go on; else what is wrong with it.</returns>
    public (int Status, string Reason)? Check(HttpContext context)
    {
        var (request, headers) = (context.Request, context.Response.Headers);
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        // Else a page of anybody's could have a name of its own lead here, and read with its visitor's browser.
        if (_token is null && !IsThisMachine(request.Host))
        {
            return (StatusCodes.Status421MisdirectedRequest, "this page answers to localhost and 127.0.0.1 alone; another name takes a token (--page-token-file)");
        }
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            headers.Allow = "GET, HEAD";
            headers.Connection = "close";
            return (StatusCodes.Status405MethodNotAllowed, "this page can only be read: GET");
        }
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            headers.Connection = "close";
            return (StatusCodes.Status413PayloadTooLarge, "a request here has no body");
        }
        var from = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (!Take(_requests, from))
        {
            headers.RetryAfter = "1";
            return (StatusCodes.Status429TooManyRequests, "too many requests; try again in a second");
        }
        return _token is null || IsShown(request) ? null : Refuse(headers, from);
    }

    public void Dispose()
    {
        _requests.Dispose();
        _guesses.Dispose();
    }

    private (int Status, string Reason) Refuse(IHeaderDictionary headers, IPAddress from)
    {
        if (!Take(_guesses, from))
        {
            headers.RetryAfter = "10";
            return (StatusCodes.Status429TooManyRequests, "too many wrong tokens; try again in ten seconds");
        }
        headers.WWWAuthenticate = "Basic realm=\"dpo: any name, and the token as the password\", charset=\"UTF-8\"";
        return (StatusCodes.Status401Unauthorized, "this page wants its token: as the password, with any name, or as Authorization: Bearer TOKEN");
    }

    /// <summary>As a bearer's, or as the password of whomever. Compared in a time that does not tell how much of it is right.</summary>
    private bool IsShown(HttpRequest request)
    {
        var shown = request.Headers.Authorization.ToString();
        var text = shown.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? shown[7..].Trim()
            : shown.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) ? PasswordOf(shown[6..].Trim()) : "";
        return CryptographicOperations.FixedTimeEquals(Hash(text), _token);
    }

    private static string PasswordOf(string basic) =>
        Base64.IsValid(basic) && Encoding.UTF8.GetString(Convert.FromBase64String(basic)) is var pair && pair.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon
            ? pair[(colon + 1)..]
            : "";

    private static bool IsThisMachine(HostString host) =>
        host.Host == "localhost" || (IPAddress.TryParse(host.Host, out var address) && IPAddress.IsLoopback(address));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static bool Take(PartitionedRateLimiter<IPAddress> limiter, IPAddress from)
    {
        using var lease = limiter.AttemptAcquire(from);
        return lease.IsAcquired;
    }

    private static PartitionedRateLimiter<IPAddress> Limiter(int burst, int perSecond) => PartitionedRateLimiter.Create<IPAddress, IPAddress>(
        from => RateLimitPartition.GetTokenBucketLimiter(from, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = burst,
            TokensPerPeriod = perSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));
}
