using System.Net.Http.Headers;
using System.Text;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Judging.Http;

/// <summary>
/// Sends single calls to a service. The key is read from the environment with each. Equal bodies have the same <c>Idempotency-Key</c>: a
/// service that goes by it does not charge twice for a request that is sent again because its answer was lost.
/// </summary>
/// <param name="setting">The section of the judge's settings, for messages.</param>
internal sealed class ServiceConnection(string setting, ServiceOptions options, TimeProvider time) : IDisposable
{
    private const long MostResponseBytes = 16 << 20;

    // A redirected POST would arrive as a GET.
    private readonly HttpClient _http = new(
        new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = !new Uri(options.Url).IsLoopback })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MostResponseBytes,
    };

    /// <param name="body">JSON to post; null: a GET.</param>
    /// <exception cref="PassingFailureException">No answer: not reached, cut off, or out of time.</exception>
    /// <exception cref="UserInputException">There is no key.</exception>
    public async Task<ServiceReply> SendAsync(string path, byte[]? body, CancellationToken cancellationToken)
    {
        var key = ReadKey();
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, $"{options.Url.TrimEnd('/')}/{path}");
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        if (body is not null)
        {
            request.Headers.Add("Idempotency-Key", Digest.Of(body).Hex);
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }
        try
        {
            using var response = await _http.SendAsync(request, either.Token);
            var bytes = await response.Content.ReadAsByteArrayAsync(either.Token);
            return new ServiceReply(
                response.StatusCode,
                Encoding.UTF8.GetString(bytes),
                RetryAfter(response.Headers.RetryAfter),
                response.Headers.Location?.ToString());
        }
        catch (Exception e)
            when (e is (OperationCanceledException or HttpRequestException)
                && timeout.IsCancellationRequested
                && !cancellationToken.IsCancellationRequested)
        {
            throw new PassingFailureException($"{options.Url} does not answer within {options.Timeout} ({setting}.timeout)", null, e)
            {
                MayBePaid = true,
            };
        }
        catch (HttpRequestException e)
        {
            throw new PassingFailureException($"{options.Url} does not answer: {Hide(e.GetBaseException().Message).TrimEnd('.')}")
            {
                MayBePaid = e.HttpRequestError is not (HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
                    or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError),
            };
        }
    }

    /// <summary>
    /// What a message quotes of the service, without the key: it may say what it was sent. Answers are data, and stay as they are.
    /// </summary>
    public string Hide(string text) => ReadKey() is { } key ? text.Replace(key, "***", StringComparison.Ordinal) : text;

    public void Dispose() => _http.Dispose();

    private string? ReadKey()
    {
        if (options.KeyVariable.Length == 0)
        {
            return null;
        }
        var key = Environment.GetEnvironmentVariable(options.KeyVariable)?.Trim();
        if (string.IsNullOrEmpty(key))
        {
            throw new UserInputException(
                $"{setting}.key-variable is {options.KeyVariable}: there is no such environment variable. Set it to the key, or key-variable to \"\" where the service wants none.");
        }
        return key.All(c => c is > ' ' and <= '~')
            ? key
            : throw new UserInputException(
                $"The environment variable {options.KeyVariable} ({setting}.key-variable) is no key: it has white space or letters with accents in it.");
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header)
    {
        var wait = header?.Delta ?? header?.Date - time.GetUtcNow();
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}
