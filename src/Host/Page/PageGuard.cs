using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IterativeDpo.Host.Page;

/// <summary>
/// Stands before everything that the page answers: only reading and the few commands there are, only from who may, only so often, and
/// nothing that a browser would run but the page's own script. What models wrote is text on these pages; should some get out all the same,
/// the browser is told to run none of it.
/// </summary>
internal sealed class PageGuard(IReadOnlyList<PageToken> tokens) : IDisposable
{
    /// <summary>Of a command's form.</summary>
    public const int MostBodyBytes = 16 << 10;

    /// <summary>What changes something, and who may.</summary>
    private static readonly Dictionary<string, PageRole> s_commands = new(StringComparer.Ordinal)
    {
        [PeopleRoutes.NamePath] = PageRole.Judge,
        [PeopleRoutes.VerdictPath] = PageRole.Judge,
        [PeopleRoutes.UndoPath] = PageRole.Judge,
        [OperateRoutes.Path] = PageRole.Operator,
    };

    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private readonly (byte[] Hash, PageToken Token)[] _tokens = [.. tokens.Select(token => (Hash(token.Token), token))];

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
        // Without a referrer a browser would not say either that a form is from this page.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        // Else a page of anybody's could have a name of its own lead here, and read with its visitor's browser.
        if (_tokens.Length == 0 && !IsThisMachine(request.Host))
        {
            return (
                StatusCodes.Status421MisdirectedRequest,
                "this page answers to localhost and 127.0.0.1 alone; another name takes a token (--page-token-file)");
        }
        PageRole? command =
            HttpMethods.IsPost(request.Method) && s_commands.TryGetValue(request.Path.Value ?? "", out var needed) ? needed : null;
        if (command is null && !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            headers.Allow = "GET, HEAD";
            headers.Connection = "close";
            return (StatusCodes.Status405MethodNotAllowed, "this can only be read: GET");
        }
        if (command is not null && ProblemOf(request) is { } problem)
        {
            headers.Connection = "close";
            return problem;
        }
        if (command is not null)
        {
            // Also of one that is refused, so that the connection is still good for the next.
            context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = MostBodyBytes;
        }
        else if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
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
        if (VisitorOf(request) is not { } visitor)
        {
            return Refuse(headers, from);
        }
        if (visitor.Role < command)
        {
            return (
                StatusCodes.Status403Forbidden,
                $"this takes the token of {(command == PageRole.Judge ? "a judge" : "an operator")} ({PageSettings.TokenVariable}, --page-token-file)");
        }
        context.Items[typeof(PageVisitor)] = visitor;
        return null;
    }

    /// <summary>Who asks, of a request that was let through.</summary>
    public static PageVisitor VisitorOf(HttpContext context) => (PageVisitor)context.Items[typeof(PageVisitor)]!;

    /// <summary>Whether a name is some token's own, so that nobody else may take it.</summary>
    public bool IsTaken(string person) => tokens.Any(token => string.Equals(token.Person, person, StringComparison.OrdinalIgnoreCase));

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
        return (
            StatusCodes.Status401Unauthorized,
            "this page wants a token: as the password, with any name, or as Authorization: Bearer TOKEN");
    }

    /// <summary>What is wrong with a command, whoever gives it.</summary>
    private static (int Status, string Reason)? ProblemOf(HttpRequest request) => request switch
    {
        _ when IsOfAnotherSite(request) => (
            StatusCodes.Status403Forbidden,
            "a form of this page's own is wanted, and this comes from another site"),
        { HasFormContentType: false } => (StatusCodes.Status415UnsupportedMediaType, "a form is wanted: application/x-www-form-urlencoded"),
        { ContentLength: null } => (StatusCodes.Status411LengthRequired, "a form is wanted whose length is told: Content-Length"),
        { ContentLength: > MostBodyBytes } => (StatusCodes.Status413PayloadTooLarge, $"a form here has {MostBodyBytes} bytes at most"),
        _ => null,
    };

    /// <summary>
    /// Browsers say where a form is from, and send what they know of its visitor with that of anybody's page; programs say nothing.
    /// </summary>
    private static bool IsOfAnotherSite(HttpRequest request)
    {
        var (site, origin) = (request.Headers["Sec-Fetch-Site"].ToString(), request.Headers.Origin.ToString());
        return site.Length > 0 ? site != "same-origin"
            : origin.Length > 0
                && !(
                    Uri.TryCreate(origin, UriKind.Absolute, out var from)
                    && string.Equals(from.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// By the token as a bearer's, or as the password of whomever. Compared in a time that does not tell how much of it is right.
    /// </summary>
    /// <returns>Null where a token is wanted and none of them is shown.</returns>
    private PageVisitor? VisitorOf(HttpRequest request)
    {
        var typed =
            request.Cookies[PeopleRoutes.NameCookie] is { } cookie && PageVisitor.IsName(cookie) && !IsTaken(cookie) ? cookie : null;
        if (_tokens.Length == 0)
        {
            return new(PageRole.Judge, typed, HasOwnName: false);
        }
        var shown = request.Headers.Authorization.ToString();
        var hash = Hash(shown.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? shown[7..].Trim()
            : shown.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) ? PasswordOf(shown[6..].Trim()) : "");
        PageToken? found = null;
        foreach (var (known, token) in _tokens)
        {
            found = CryptographicOperations.FixedTimeEquals(hash, known) ? token : found;
        }
        return found is null ? null : new(found.Role, found.Person ?? typed, found.Person is not null);
    }

    private static string PasswordOf(string basic) =>
        Base64.IsValid(basic)
        && Encoding.UTF8.GetString(Convert.FromBase64String(basic)) is var pair
        && pair.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon
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

    private static PartitionedRateLimiter<IPAddress> Limiter(int burst, int perSecond) =>
        PartitionedRateLimiter.Create<IPAddress, IPAddress>(from =>
            RateLimitPartition.GetTokenBucketLimiter(
                from,
                _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = burst,
                    TokensPerPeriod = perSecond,
                    ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                    QueueLimit = 0,
                }));
}
