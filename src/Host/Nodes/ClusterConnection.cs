using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json;
using IterativeDpo.Actors.Blobs;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Commands;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Host.Nodes;

/// <summary>A cluster from outside, by the HTTP of one of its nodes.</summary>
internal sealed class ClusterConnection : IDisposable
{
    private readonly ImmutableArray<string> _join;
    private readonly NodeSecurity _security;
    private readonly HttpClient _http;

    private ClusterConnection(ImmutableArray<string> join, NodeSecurity security, Uri node) =>
        (_join, _security, _http, Node) = (join, security, security.Client(), node);

    /// <summary>Where the node answers.</summary>
    public Uri Node { get; private set; }

    /// <param name="join">Nodes as <c>host:port</c>, of which one has to answer.</param>
    /// <exception cref="UserInputException">None answers.</exception>
    public static async Task<ClusterConnection> OpenAsync(
        ImmutableArray<string> join,
        NodeSecurity security,
        CancellationToken cancellationToken
    ) => new(join, security, new Uri((await NodeFinder.FindAsync(join, security.Akka, cancellationToken)).Http));

    /// <summary>Asks a node that answers from now on; the one that was asked so far may be gone.</summary>
    /// <exception cref="UserInputException">None answers.</exception>
    public async Task ReconnectAsync(CancellationToken cancellationToken) =>
        Node = new Uri((await NodeFinder.FindAsync(_join, _security.Akka, cancellationToken)).Http);

    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Get, path, null, cancellationToken);

    public Task<T> PostAsync<T>(string path, object? body, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Post, path, body, cancellationToken);

    /// <exception cref="UserInputException">The node refuses, in its words.</exception>
    public async Task<string> GetTextAsync(string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Node, path));
        return await ReadAsync(request, cancellationToken);
    }

    /// <summary>Gives the node artifacts of this store.</summary>
    public Task OfferAsync(ArtifactStore store, IEnumerable<Digest> digests, CancellationToken cancellationToken) =>
        new BlobClient(store, _http, () => [Node], () => [Node], TimeProvider.System).OfferAsync(digests, cancellationToken);

    /// <summary>What a judge of a campaign asked a service and was answered, as its coordinators know it.</summary>
    public async Task<ILedger> LedgerAsync(string campaign, string judge, CancellationToken cancellationToken)
    {
        var nodes = (await GetAsync<JsonElement>("/nodes", cancellationToken)).GetProperty("nodes").EnumerateArray();
        Uri[] coordinators = [.. nodes
            .Where(node => node.GetProperty("roles").EnumerateArray().Any(role => role.GetString() == NodeRoles.Coordinator))
            .Select(node => new Uri(node.GetProperty("http").GetString()!))];
        return new ClusterLedger(
            () => coordinators,
            _http,
            campaign,
            judge,
            $"operator {Guid.NewGuid():N}",
            line => Console.Error.WriteLine(PlainText.Of($"dpo: {line}")),
            TimeProvider.System);
    }

    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(Node, path));
        request.Content = body is null ? null : new StringContent(CommonOptions.ToJson(body), Encoding.UTF8, "application/json");
        return CommonOptions.FromJson<T>(await ReadAsync(request, cancellationToken));
    }

    private async Task<string> ReadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return text;
        }
        var reason = Reason(text) ?? $"{request.RequestUri} answers {(int)response.StatusCode}";
        throw response.StatusCode == HttpStatusCode.ServiceUnavailable
            ? new HttpRequestException(reason, null, response.StatusCode)
            : new UserInputException($"{reason}.");
    }

    private static string? Reason(string text)
    {
        try
        {
            return CommonOptions.FromJson<Refusal>(text).Error?.TrimEnd('.');
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
