using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json;
using IterativeDpo.Actors.Blobs;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Commands;

namespace IterativeDpo.Host.Nodes;

/// <summary>A cluster from outside, by the HTTP of one of its nodes.</summary>
internal sealed class ClusterConnection : IDisposable
{
    private readonly HttpClient _http;

    private ClusterConnection(HttpClient http, Uri node) => (_http, Node) = (http, node);

    /// <summary>Where the node answers.</summary>
    public Uri Node { get; }

    /// <param name="join">Nodes as <c>host:port</c>, of which one has to answer.</param>
    /// <exception cref="UserInputException">None answers.</exception>
    public static async Task<ClusterConnection> OpenAsync(ImmutableArray<string> join, NodeSecurity security, CancellationToken cancellationToken)
    {
        var node = await NodeFinder.FindAsync(join, security.Akka, cancellationToken);
        return new ClusterConnection(security.Client(), new Uri(node.Http));
    }

    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) => SendAsync<T>(HttpMethod.Get, path, null, cancellationToken);

    public Task<T> PostAsync<T>(string path, object? body, CancellationToken cancellationToken) => SendAsync<T>(HttpMethod.Post, path, body, cancellationToken);

    /// <exception cref="UserInputException">The node refuses, in its words.</exception>
    public async Task<string> GetTextAsync(string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Node, path));
        return await ReadAsync(request, cancellationToken);
    }

    /// <summary>Gives the node artifacts of this store.</summary>
    public Task OfferAsync(ArtifactStore store, IEnumerable<Digest> digests, CancellationToken cancellationToken) =>
        new BlobClient(store, _http, () => [Node], () => [Node], TimeProvider.System).OfferAsync(digests, cancellationToken);

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
        throw response.StatusCode == HttpStatusCode.ServiceUnavailable ? new HttpRequestException(reason, null, response.StatusCode) : new UserInputException($"{reason}.");
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
