using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Host.Notices;

/// <summary>
/// Posts notices to an address, signed where there is a key: <c>X-Dpo-Signature: sha256=HEX</c> is the HMAC of the time in
/// <c>X-Dpo-Timestamp</c>, a full stop and the body. A try that fails in a way that may pass is made again; its <c>X-Dpo-Notice</c> stays
/// the same.
/// </summary>
internal sealed class Webhook(NoticeOptions options, byte[]? key, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(1);

    // A redirected POST would arrive as a GET, and somewhere else.
    private readonly HttpClient _http = new(
        new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = !new Uri(options.Webhook!).IsLoopback })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = 1 << 16,
    };

    /// <exception cref="NoticeException">It was refused, or all tries failed.</exception>
    public async Task DeliverAsync(Notice notice, CancellationToken cancellationToken)
    {
        for (var tries = 1; await TryAsync(notice, cancellationToken) is { } failure; tries++)
        {
            if (!failure.MayPass || tries > options.Retries)
            {
                throw new NoticeException($"{failure.What}{(tries > 1 ? $", in {tries} tries" : "")} (campaign.notices.webhook)");
            }
            var wait = TimeSpan.FromSeconds(Math.Pow(2, tries - 1));
            await Task.Delay(wait < s_longestWait ? wait : s_longestWait, time, cancellationToken);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>As it is in <c>X-Dpo-Signature</c>.</summary>
    public static string Sign(byte[] key, string timestamp, byte[] body) =>
        $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(key, (byte[])[.. Encoding.ASCII.GetBytes($"{timestamp}."), .. body]))}";

    /// <returns>Null where it was taken. The address is not repeated: it may hold a secret.</returns>
    private async Task<(string What, bool MayPass)?> TryAsync(Notice notice, CancellationToken cancellationToken)
    {
        var (body, timestamp) = (notice.ToJson(), time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Webhook);
        request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        request.Headers.Add("X-Dpo-Notice", notice.Id);
        request.Headers.Add("X-Dpo-Timestamp", timestamp);
        if (key is not null)
        {
            request.Headers.Add("X-Dpo-Signature", Sign(key, timestamp, body));
        }
        try
        {
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return answer.IsSuccessStatusCode
                ? null
                : (
                    $"the address answers {(int)answer.StatusCode}",
                    answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)answer.StatusCode >= 500);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException && !cancellationToken.IsCancellationRequested)
        {
            return (
                timeout.IsCancellationRequested
                    ? $"the address does not answer within {options.Timeout}"
                    : $"the address cannot be reached ({(e as HttpRequestException)?.HttpRequestError})",
                true);
        }
    }
}
