using System.Net;
using System.Net.Http.Headers;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Actors.Nodes;

/// <summary>
/// A judge's ledger with the coordinators of a cluster, over HTTP (<c>/ledger/CAMPAIGN/JUDGE</c>): JSON lines, as in a file. Any
/// coordinator answers; where none does, it is asked again until one does. Safe to use from several threads.
/// </summary>
/// <param name="coordinators">Their base addresses; asked for anew at each attempt.</param>
/// <param name="http">Presents the node's certificate where there is one.</param>
/// <param name="writer">Marks the entries of this one, like nobody else's.</param>
/// <param name="note">Told once when no coordinator answers.</param>
/// <param name="patience">How long a coordinator may take; 10 s if not given.</param>
public sealed class ClusterLedger(
    Func<IReadOnlyList<Uri>> coordinators,
    HttpClient http,
    string campaign,
    string judge,
    string writer,
    Action<string> note,
    TimeProvider time,
    TimeSpan? patience = null)
    : ILedger
{
    private readonly TimeSpan _patience = patience ?? TimeSpan.FromSeconds(10);

    public string? Writer => writer;

    private string Path => $"/ledger/{campaign}/{judge}";

    private string Name => $"the ledger of campaign {campaign}'s judge {judge}";

    /// <exception cref="UserInputException">What a coordinator gives is no ledger.</exception>
    public Task<IReadOnlyList<CallEntry>> ReadAsync(long known, CancellationToken cancellationToken) =>
        AskAsync($"{Path}?after={known}", null, cancellationToken);

    /// <exception cref="InvalidOperationException">The coordinators know less than they did, or do not take such an entry.</exception>
    /// <exception cref="UserInputException">What a coordinator gives is no ledger.</exception>
    public Task<IReadOnlyList<CallEntry>> AppendAsync(long known, CallEntry entry, CancellationToken cancellationToken) =>
        AskAsync($"{Path}/{known}", entry.ToLine()[..^1], cancellationToken);

    public void Dispose()
    {
    }

    /// <param name="line">To be put; null: to get.</param>
    private async Task<IReadOnlyList<CallEntry>> AskAsync(string path, byte[]? line, CancellationToken cancellationToken)
    {
        for (var vain = 0; ; vain++)
        {
            var said = "no coordinator is known";
            foreach (var coordinator in coordinators())
            {
                try
                {
                    return await AskAsync(coordinator, path, line, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception e) when (e is HttpRequestException or IOException)
                {
                    said = $"{coordinator.GetLeftPart(UriPartial.Authority)}: {e.GetBaseException().Message.TrimEnd('.')}";
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    said = $"{coordinator.GetLeftPart(UriPartial.Authority)}: no answer for {_patience.TotalSeconds:0.#} s";
                }
            }
            // A moment's absence is none to tell of.
            if (vain == 3)
            {
                note(
                    $"campaign {campaign}: no coordinator keeps what judge {judge} asks and is answered ({said}); it waits, and goes on when one does");
            }
            await Task.Delay(TimeSpan.FromSeconds(Math.Min(0.1 * Math.Pow(2, vain), 5)), time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<CallEntry>> AskAsync(Uri coordinator, string path, byte[]? line, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(line is null ? HttpMethod.Get : HttpMethod.Put, new Uri(coordinator, path));
        if (line is not null)
        {
            request.Content = new ByteArrayContent(line) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }
        using var limit = new CancellationTokenSource(_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
        await response
            .Content.LoadIntoBufferAsync(LedgerDatabase.MostPageBytes + ILedger.MostSharedBytes, either.Token)
            .ConfigureAwait(false);
        switch (response.StatusCode)
        {
            case HttpStatusCode.Created:
                return [];
            case HttpStatusCode.OK:
                return await EntriesAsync(response, coordinator).ConfigureAwait(false);
            case HttpStatusCode.Conflict:
                return await EntriesAsync(response, coordinator).ConfigureAwait(false) is { Count: > 0 } others
                    ? others
                    : throw new InvalidOperationException($"{coordinator}: {Name} has lost entries");
            default:
                var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
                var said = $"it answers {(int)response.StatusCode} ({text.Trim()})";
                throw response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge
                    ? new InvalidOperationException($"{coordinator}: {said}")
                    : new HttpRequestException(said);
        }
    }

    private async Task<IReadOnlyList<CallEntry>> EntriesAsync(HttpResponseMessage response, Uri coordinator)
    {
        using var lines = await response.Content.ReadAsStreamAsync().ConfigureAwait(false);
        return [.. CallEntry.Lines.Read(lines, $"{coordinator}, {Name}")];
    }
}
