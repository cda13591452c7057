using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Actors.Blobs;

/// <summary>
/// Brings artifacts from other nodes into this node's store, and gives artifacts of this store to the nodes that keep them: by digest,
/// over HTTP (<c>/blobs/SHA-256</c>). Safe to use from several threads; an artifact that several ask for is fetched once.
/// </summary>
/// <param name="http">Without a time limit of its own: a transfer may take hours, and ends when it stands still.</param>
/// <param name="holders">Base addresses of the nodes that may have an artifact, in the order to ask them; asked for anew at each
/// attempt.</param>
/// <param name="keepers">Base addresses of the nodes that keep artifacts for good; asked for anew at each attempt.</param>
/// <param name="patience">How long without a byte is a failure; 30 s if not given.</param>
public sealed class BlobClient(
    ArtifactStore store,
    HttpClient http,
    Func<IReadOnlyList<Uri>> holders,
    Func<IReadOnlyList<Uri>> keepers,
    TimeProvider time,
    TimeSpan? patience = null) : IArtifactExchange
{
    internal const int PieceBytes = 1 << 18;

    private const int AtOnce = 4;

    // What a slow disk takes in a second when it is to have all of a file for good.
    private const double FlushedBytesPerSecond = 16e6;

    private readonly HttpClient _http = http.Timeout == Timeout.InfiniteTimeSpan
        ? http
        : throw new ArgumentException("A client with a time limit would break off long transfers.", nameof(http));

    private readonly TimeSpan _patience = patience ?? TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<Digest, Task> _fetching = [];

    /// <summary>What a holder answered, to be said if all fails.</summary>
    /// <param name="Final">It has not got the artifact, and need not be asked again.</param>
    private readonly record struct Answer(string Text, bool Final = false, bool Wrong = false);

    /// <summary>Returns when every one of these is in the store, whole. What is there already costs nothing.</summary>
    /// <exception cref="ArtifactLostException">Everybody was asked, and nobody has it.</exception>
    /// <exception cref="BlobUnavailableException">Nobody gave it, and somebody who may have it did not answer.</exception>
    /// <exception cref="StorageException">This node's store cannot take it.</exception>
    public Task FetchAsync(IEnumerable<Digest> digests, CancellationToken cancellationToken) =>
        ForEachAsync(digests, FetchOnceAsync, cancellationToken);

    /// <summary>
    /// Returns when every one of these, which are in the store, is durable with a keeper at least; all keepers were offered it.
    /// </summary>
    /// <exception cref="BlobUnavailableException">No keeper took it.</exception>
    /// <exception cref="StorageException">It is not in this node's store.</exception>
    public Task OfferAsync(IEnumerable<Digest> digests, CancellationToken cancellationToken) =>
        ForEachAsync(digests, OfferOneAsync, cancellationToken);

    private static Task ForEachAsync(
        IEnumerable<Digest> digests,
        Func<Digest, CancellationToken, Task> act,
        CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            digests.Distinct(),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            (digest, token) => new ValueTask(act(digest, token)));

    private async Task FetchOnceAsync(Digest digest, CancellationToken cancellationToken)
    {
        using var activity = store.ContainsWhole(digest) ? null : Telemetry.Source.StartActivity("fetch")?.SetTag("artifact", digest.Hex);
        while (!store.ContainsWhole(digest))
        {
            var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var fetching = _fetching.GetOrAdd(digest, mine.Task);
            if (fetching != mine.Task)
            {
                // It fails for all who wait; where only that one was cancelled, the next of them goes on.
                await fetching.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }
            Exception? failure = null;
            try
            {
                await DownloadAsync(digest, holders, [], cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                failure = e;
                throw;
            }
            finally
            {
                _fetching.TryRemove(digest, out _);
                if (failure is null)
                {
                    mine.SetResult();
                }
                else
                {
                    mine.SetException(failure);
                    // Nobody may have waited.
                    _ = mine.Task.Exception;
                }
            }
        }
    }

    /// <summary>Stores the artifact, starting over without those who sent other bytes.</summary>
    private async Task DownloadAsync(
        Digest digest,
        Func<IReadOnlyList<Uri>> asked,
        Dictionary<Uri, Answer> answers,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            IReadOnlyList<Uri> senders;
            using (var incoming = store.Receive(digest))
            {
                senders = await ReceiveAsync(digest, incoming, asked, answers, cancellationToken).ConfigureAwait(false);
                if (incoming.Complete()) return;
            }
            foreach (var sender in senders)
            {
                if (senders.Count > 1)
                {
                    try
                    {
                        // Who of them sent other bytes is not known: each is asked for the whole.
                        await DownloadAsync(digest, () => [sender], answers, cancellationToken).ConfigureAwait(false);
                        return;
                    }
                    catch (Exception e) when (e is ArtifactLostException or BlobUnavailableException)
                    {
                    }
                }
                answers[sender] = new("sent other bytes", Final: true, Wrong: true);
            }
        }
    }

    /// <summary>
    /// Takes the bytes from one holder after the other, each going on where the one before broke off; gives those who sent some.
    /// </summary>
    private async Task<IReadOnlyList<Uri>> ReceiveAsync(
        Digest digest,
        IncomingArtifact incoming,
        Func<IReadOnlyList<Uri>> asked,
        Dictionary<Uri, Answer> answers,
        CancellationToken cancellationToken)
    {
        var senders = new HashSet<Uri>();
        var advanced = time.GetTimestamp();
        for (var vain = 0; ; vain++)
        {
            var known = asked();
            foreach (var holder in known)
            {
                if (answers.GetValueOrDefault(holder).Wrong) continue;
                var before = incoming.Length;
                var answer = await ReceiveFromAsync(holder, digest, incoming, cancellationToken).ConfigureAwait(false);
                if (incoming.Length > before)
                {
                    senders.Add(holder);
                    (advanced, vain) = (time.GetTimestamp(), 0);
                }
                if (answer is null)
                {
                    senders.Add(holder);
                    return [.. senders];
                }
                answers[holder] = answer.Value;
            }
            if (known.Count > 0 && known.All(holder => answers[holder].Final))
            {
                throw new ArtifactLostException(digest, Say(known, answers));
            }
            if (time.GetElapsedTime(advanced) >= _patience)
            {
                throw new BlobUnavailableException($"artifact {digest} could not be fetched: {Say(known, answers)}.");
            }
            await PauseAsync(vain, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Null when the holder sent all the bytes that were missing.</summary>
    private async Task<Answer?> ReceiveFromAsync(Uri holder, Digest digest, IncomingArtifact incoming, CancellationToken cancellationToken)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, AddressOf(holder, digest));
            if (incoming.Length > 0)
            {
                request.Headers.Range = new RangeHeaderValue(incoming.Length, null);
            }
            stall.CancelAfter(_patience);
            using var response = await _http
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token)
                .ConfigureAwait(false);
            switch (response.StatusCode)
            {
                case HttpStatusCode.NotFound:
                    return new("has it not", Final: true);
                case HttpStatusCode.RequestedRangeNotSatisfiable:
                    // It has all of it, and we have more: the digest will tell.
                    return null;
                case HttpStatusCode.OK when incoming.Length == 0:
                case HttpStatusCode.PartialContent when response.Content.Headers.ContentRange?.From == incoming.Length:
                    break;
                default:
                    return new($"answered {(int)response.StatusCode}");
            }
            using var body = await response.Content.ReadAsStreamAsync(stall.Token).ConfigureAwait(false);
            await CopyAsync(body, incoming, stall).ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (IsOfNetwork(e, cancellationToken))
        {
            return new(Cause(e));
        }
    }

    private async Task CopyAsync(Stream body, IncomingArtifact incoming, CancellationTokenSource stall)
    {
        // The next piece is on its way while one is written.
        var (piece, next) = (new byte[PieceBytes], new byte[PieceBytes]);
        var writing = Task.CompletedTask;
        try
        {
            while (true)
            {
                stall.CancelAfter(_patience);
                var count = await body.ReadAsync(piece, stall.Token).ConfigureAwait(false);
                // A slow disk here is not the holder's fault.
                stall.CancelAfter(Timeout.InfiniteTimeSpan);
                await writing.ConfigureAwait(false);
                if (count == 0) return;
                Telemetry.Received(count);
                writing = incoming.WriteAsync(piece.AsMemory(0, count));
                (piece, next) = (next, piece);
            }
        }
        finally
        {
            await writing.ConfigureAwait(false);
        }
    }

    private async Task OfferOneAsync(Digest digest, CancellationToken cancellationToken)
    {
        using var activity = Telemetry.Source.StartActivity("offer")?.SetTag("artifact", digest.Hex);
        store.Verified(digest);
        var started = time.GetTimestamp();
        for (var vain = 0; ; vain++)
        {
            var asked = keepers();
            var answers = await Task.WhenAll(asked.Select(keeper => GiveAsync(keeper, digest, cancellationToken))).ConfigureAwait(false);
            if (answers.Any(answer => answer is null)) return;
            if (time.GetElapsedTime(started) >= _patience)
            {
                throw new BlobUnavailableException($"artifact {digest} could not be given to a coordinator: "
                    + $"{Say(asked, asked.Zip(answers, (keeper, answer) => (keeper, answer!.Value)).ToDictionary())}.");
            }
            await PauseAsync(vain, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Null when the keeper has the artifact for good.</summary>
    private async Task<Answer?> GiveAsync(Uri keeper, Digest digest, CancellationToken cancellationToken)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            stall.CancelAfter(_patience);
            using var question = new HttpRequestMessage(HttpMethod.Head, AddressOf(keeper, digest));
            using var found = await _http.SendAsync(question, stall.Token).ConfigureAwait(false);
            if (found.IsSuccessStatusCode) return null;
            if (found.StatusCode != HttpStatusCode.NotFound) return new($"answered {(int)found.StatusCode}");
            using var file = store.OpenRead(digest);
            using var request = new HttpRequestMessage(HttpMethod.Put, AddressOf(keeper, digest))
            {
                Content = new BlobContent(
                    file,
                    whole => stall.CancelAfter(whole ? _patience + TimeSpan.FromSeconds(file.Length / FlushedBytesPerSecond) : _patience)),
            };
            // A keeper that cannot take it says so before it has been sent.
            request.Headers.ExpectContinue = true;
            using var response = await _http
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token)
                .ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                Telemetry.Sent(file.Length);
                return null;
            }
            return new(
                $"answered {(int)response.StatusCode}: {(await response.Content.ReadAsStringAsync(stall.Token).ConfigureAwait(false)).Trim()}");
        }
        catch (Exception e) when (IsOfNetwork(e, cancellationToken))
        {
            return new(Cause(e));
        }
    }

    private Task PauseAsync(int vain, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromSeconds(Math.Min(0.1 * Math.Pow(2, vain), 5)), time, cancellationToken);

    private static Uri AddressOf(Uri node, Digest digest) => new(node, $"/blobs/{digest.Hex}");

    private static bool IsOfNetwork(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private string Cause(Exception e) => e is OperationCanceledException
        ? $"sent nothing for {_patience.TotalSeconds:0.#} s"
        : $"failed: {(e.InnerException ?? e).Message.TrimEnd('.')}";

    private static string Say(IReadOnlyList<Uri> asked, Dictionary<Uri, Answer> answers) => asked.Count == 0
        ? "no node is known that could be asked"
        : string.Join("; ", asked.Select(node => $"{node.GetLeftPart(UriPartial.Authority)} {answers[node].Text}"));
}
