using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace IterativeDpo.Judging.Tests.Http;

/// <param name="Head">The request line and the headers.</param>
public sealed record FakeRequest(string Head, string Body)
{
    /// <summary>A header's value; null where it is not there.</summary>
    public string? Header(string name) =>
        Head.Split("\r\n")
            .FirstOrDefault(line => line.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase))
            ?[(name.Length + 1)..].Trim();
}

/// <param name="IsCut">The connection ends in the middle of the body.</param>
public sealed record FakeReply(int Status, string Body, string Headers = "", bool IsCut = false);

/// <summary>An HTTP service on a port of its own; what it answers is up to the test.</summary>
public sealed class FakeService : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<FakeRequest> _requests = [];

    // Held, because nothing else holds a connection whose answer never comes: a collected one would be closed.
    private readonly ConcurrentBag<TcpClient> _clients = [];
    private readonly Func<FakeRequest, Task<FakeReply>> _answer;

    public FakeService(Func<FakeRequest, Task<FakeReply>> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Gives these replies in turn, the last one again and again.</summary>
    public FakeService(params FakeReply[] replies) : this(InTurn(replies))
    {
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1";

    public IReadOnlyList<FakeRequest> Requests => [.. _requests];

    /// <summary>A chat completion.</summary>
    /// <param name="logprobs">The likeliest first tokens; null gives none.</param>
    public static FakeReply Completion(string text, params (string Token, double Probability)[]? logprobs)
    {
        var choice = new JsonObject { ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text } };
        if (logprobs is { Length: > 0 })
        {
            JsonArray top =
            [
                .. logprobs.Select(token => new JsonObject { ["token"] = token.Token, ["logprob"] = Math.Log(token.Probability) }),
            ];
            choice["logprobs"] = new JsonObject
            {
                ["content"] = new JsonArray(new JsonObject { ["token"] = text, ["top_logprobs"] = top }),
            };
        }
        return new FakeReply(200, new JsonObject
        {
            ["choices"] = new JsonArray(choice),
            ["usage"] = new JsonObject { ["prompt_tokens"] = 10, ["completion_tokens"] = 2 },
        }.ToJsonString());
    }

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var client in _clients)
        {
            client.Dispose();
        }
    }

    private static Func<FakeRequest, Task<FakeReply>> InTurn(FakeReply[] replies)
    {
        var count = -1;
        return _ => Task.FromResult(replies[Math.Min(Interlocked.Increment(ref count), replies.Length - 1)]);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _clients.Add(client);
                _ = ServeAsync(client);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
        }
    }

    /// <summary>One request to a connection.</summary>
    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                if (await ReadAsync(stream) is not { } request)
                {
                    return;
                }
                _requests.Enqueue(request);
                var reply = await _answer(request);
                var body = Encoding.UTF8.GetBytes(reply.Body);
                var head =
                    $"HTTP/1.1 {reply.Status} Status\r\nContent-Type: application/json\r\nConnection: close\r\n{reply.Headers}Content-Length: {body.Length}\r\n\r\n";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
                await stream.WriteAsync(reply.IsCut ? body.AsMemory(0, body.Length / 2) : body);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
            }
        }
    }

    private static async Task<FakeRequest?> ReadAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        var chunk = new byte[4096];
        while (true)
        {
            var text = Encoding.Latin1.GetString([.. bytes]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                var head = text[..end];
                var length = int.Parse(new FakeRequest(head, "").Header("Content-Length") ?? "0");
                if (bytes.Count >= end + 4 + length)
                {
                    return new FakeRequest(head, Encoding.UTF8.GetString([.. bytes], end + 4, length));
                }
            }
            var count = await stream.ReadAsync(chunk);
            // What does not begin as HTTP does is none: a TLS handshake.
            if (count == 0 || (bytes.Count == 0 && !char.IsAsciiLetterUpper((char)chunk[0])))
            {
                return null;
            }
            bytes.AddRange(chunk.AsSpan(0, count));
        }
    }
}
