using System.Collections.Concurrent;
using IterativeDpo.Actors.Blobs;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using Microsoft.AspNetCore.Http;

namespace IterativeDpo.Actors.Tests.Blobs;

public sealed class BlobClientTests : IDisposable
{
    private static readonly byte[] s_bytes = MakeBytes(3_000_000, seed: 1);
    private static readonly Digest s_digest = Digest.Of(s_bytes);
    private static readonly Uri s_nobody = new("http://127.0.0.1:1");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("blobs-test-");
    private readonly ArtifactStore _store;
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly ConcurrentQueue<string> _requests = [];

    public BlobClientTests() => _store = new(_directory.FullName);

    public void Dispose()
    {
        _http.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Fetch_storesWhatAHolderSends_andAsksOnce()
    {
        await using var holder = await HolderAsync(SendAsync);
        var client = Client(holder.Address);

        await client.FetchAsync([s_digest, s_digest], default);
        await client.FetchAsync([s_digest], default);

        Assert.Equal(s_bytes, await File.ReadAllBytesAsync(_store.Verified(s_digest)));
        Assert.Equal([$"GET /blobs/{s_digest} "], _requests);
        AssertNothingUnfinished();
    }

    [Fact]
    public async Task Fetch_ofADamagedArtifact_replacesIt()
    {
        _store.Put(s_bytes);
        await File.WriteAllTextAsync(_store.PathOf(s_digest), "damaged");
        await using var holder = await HolderAsync(SendAsync);

        await Client(holder.Address).FetchAsync([s_digest], default);

        Assert.Equal(s_bytes, await File.ReadAllBytesAsync(_store.Verified(s_digest)));
    }

    [Fact]
    public async Task Fetch_byManyAtOnce_isOneTransfer()
    {
        var asked = new TaskCompletionSource();
        await using var holder = await HolderAsync(async context =>
        {
            await asked.Task;
            await SendAsync(context);
        });
        var client = Client(holder.Address);

        var fetches = Enumerable.Range(0, 8).Select(_ => Task.Run(() => client.FetchAsync([s_digest], default))).ToList();
        asked.SetResult();
        await Task.WhenAll(fetches);

        Assert.Single(_requests);
    }

    [Fact]
    public async Task Fetch_whoseFirstAskerGivesUp_goesOnForTheOthers()
    {
        var asked = new TaskCompletionSource();
        await using var holder = await HolderAsync(async context =>
        {
            if (asked.TrySetResult()) await Task.Delay(Timeout.Infinite, context.RequestAborted);
            await SendAsync(context);
        });
        var client = Client(holder.Address);
        using var first = new CancellationTokenSource();

        var cancelled = client.FetchAsync([s_digest], first.Token);
        await asked.Task;
        var other = client.FetchAsync([s_digest], default);
        await first.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await other;
        Assert.True(_store.ContainsWhole(s_digest));
        AssertNothingUnfinished();
    }

    [Fact]
    public async Task Fetch_brokenOff_goesOnWhereItBroke()
    {
        await using var holder = await HolderAsync(context => _requests.Count == 1 ? BreakOffAsync(context, s_bytes) : SendAsync(context));

        await Client(holder.Address).FetchAsync([s_digest], default);

        Assert.Equal(s_bytes, await File.ReadAllBytesAsync(_store.Verified(s_digest)));
        Assert.Equal(2, _requests.Count);
        Assert.Matches(@"bytes=[1-9]\d*-$", _requests.Last());
    }

    [Fact]
    public async Task Fetch_brokenOff_goesOnAtAnotherHolder()
    {
        await using var breaking = await HolderAsync(context => BreakOffAsync(context, s_bytes));
        await using var other = await HolderAsync(SendAsync);

        await Client(breaking.Address, other.Address).FetchAsync([s_digest], default);

        Assert.Equal(s_bytes, await File.ReadAllBytesAsync(_store.Verified(s_digest)));
        Assert.Matches(@"bytes=[1-9]\d*-$", _requests.Last());
    }

    [Fact]
    public async Task Fetch_thatStandsStill_goesOnAtAnotherHolder()
    {
        await using var stalling = await HolderAsync(async context =>
        {
            context.Response.ContentLength = s_bytes.Length;
            await context.Response.Body.WriteAsync(s_bytes.AsMemory(0, 1_000_000));
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var other = await HolderAsync(SendAsync);

        await Client(TimeSpan.FromSeconds(2), stalling.Address, other.Address).FetchAsync([s_digest], default);

        Assert.True(_store.ContainsWhole(s_digest));
        Assert.Matches(@"bytes=[1-9]\d*-$", _requests.Last());
    }

    [Fact]
    public async Task Fetch_ofOtherBytes_dropsThemAndAsksTheNext()
    {
        await using var wrong = await HolderAsync(context => SendAsync(context, MakeBytes(s_bytes.Length, seed: 2)));
        await using var right = await HolderAsync(SendAsync);

        await Client(wrong.Address, right.Address).FetchAsync([s_digest], default);

        Assert.Equal(s_bytes, await File.ReadAllBytesAsync(_store.Verified(s_digest)));
        Assert.Equal(2, _requests.Count);
        AssertNothingUnfinished();
    }

    [Fact]
    public async Task Fetch_beginningWithOtherBytes_asksEachForTheWhole()
    {
        await using var wrong = await HolderAsync(context => BreakOffAsync(context, MakeBytes(s_bytes.Length, seed: 2)));
        await using var right = await HolderAsync(SendAsync);

        await Client(TimeSpan.FromSeconds(0.5), wrong.Address, right.Address).FetchAsync([s_digest], default);

        Assert.Equal(s_bytes, await File.ReadAllBytesAsync(_store.Verified(s_digest)));
    }

    [Fact]
    public async Task Fetch_ofWhatNobodyHas_saysThatItIsLostAndWhoWasAsked()
    {
        await using var without = await HolderAsync(NotFound);
        await using var wrong = await HolderAsync(context => SendAsync(context, [1, 2, 3]));

        var lost = await Assert.ThrowsAsync<ArtifactLostException>(() =>
            Client(without.Address, wrong.Address).FetchAsync([s_digest], default));

        Assert.Equal(s_digest, lost.Digest);
        Assert.StartsWith(
            $"artifact {s_digest} is lost: {Name(without)} has it not; {Name(wrong)} sent other bytes.",
            lost.Message,
            StringComparison.Ordinal);
        AssertNothingUnfinished();
    }

    [Fact]
    public async Task Fetch_whileAHolderIsDown_isNotLost()
    {
        await using var without = await HolderAsync(NotFound);

        var error = await Assert.ThrowsAsync<BlobUnavailableException>(
            () => Client(TimeSpan.FromSeconds(0.3), without.Address, s_nobody).FetchAsync([s_digest], default));

        Assert.Contains($"{Name(without)} has it not; http://127.0.0.1:1 failed: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_withoutAnyNode_saysSo()
    {
        var error = await Assert.ThrowsAsync<BlobUnavailableException>(() =>
            Client(TimeSpan.FromSeconds(0.1)).FetchAsync([s_digest], default));

        Assert.Contains("no node is known", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_asksForTheHoldersAnew()
    {
        await using var holder = await HolderAsync(SendAsync);
        var asked = 0;
        var client = new BlobClient(_store, _http, () => asked++ == 0 ? [] : [holder.Address], () => [], TimeProvider.System);

        await client.FetchAsync([s_digest], default);

        Assert.True(_store.ContainsWhole(s_digest));
    }

    [Fact]
    public async Task Offer_givesToEveryKeeperThatHasItNot()
    {
        _store.Put(s_bytes);
        var taken = new MemoryStream();
        await using var keeping = await HolderAsync(_ => Task.CompletedTask);
        await using var taking = await HolderAsync(async context =>
        {
            context.Response.StatusCode = HttpMethods.IsPut(context.Request.Method) ? 201 : 404;
            if (HttpMethods.IsPut(context.Request.Method)) await context.Request.Body.CopyToAsync(taken);
        });

        await Client(keeping.Address, s_nobody, taking.Address).OfferAsync([s_digest], default);

        Assert.Equal(s_bytes, taken.ToArray());
        Assert.Equal([$"HEAD /blobs/{s_digest} ", $"HEAD /blobs/{s_digest} ", $"PUT /blobs/{s_digest} "], _requests.Order());
    }

    [Fact]
    public async Task Offer_thatNobodyTakes_saysWhoWasAskedAndWhy()
    {
        _store.Put(s_bytes);
        await using var full = await HolderAsync(context =>
        {
            context.Response.StatusCode = HttpMethods.IsPut(context.Request.Method) ? 507 : 404;
            return HttpMethods.IsPut(context.Request.Method) ? context.Response.WriteAsync("no space left\n") : Task.CompletedTask;
        });

        var error = await Assert.ThrowsAsync<BlobUnavailableException>(
            () => Client(TimeSpan.FromSeconds(0.3), full.Address, s_nobody).OfferAsync([s_digest], default));

        Assert.Contains($"{Name(full)} answered 507: no space left; http://127.0.0.1:1 failed: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Offer_takenLater_isTriedAgain()
    {
        _store.Put(s_bytes);
        await using var busy = await HolderAsync(context =>
        {
            context.Response.StatusCode = HttpMethods.IsPut(context.Request.Method) ? _requests.Count < 4 ? 503 : 201 : 404;
            return Task.CompletedTask;
        });

        await Client(busy.Address).OfferAsync([s_digest], default);

        Assert.Equal(4, _requests.Count);
    }

    [Fact]
    public async Task Offer_ofWhatIsNotHere_isAnError() =>
        await Assert.ThrowsAsync<StorageException>(() => Client(s_nobody).OfferAsync([s_digest], default));

    [Fact]
    public void Client_thatBreaksOffLongTransfers_isRefused()
    {
        using var limited = new HttpClient();

        Assert.Throws<ArgumentException>(() => new BlobClient(_store, limited, () => [], () => [], TimeProvider.System));
    }

    private BlobClient Client(params Uri[] nodes) => Client(TimeSpan.FromSeconds(20), nodes);

    private BlobClient Client(TimeSpan patience, params Uri[] nodes) =>
        new(_store, _http, () => nodes, () => nodes, TimeProvider.System, patience);

    private Task<LoopbackServer> HolderAsync(RequestDelegate answer) => LoopbackServer.StartAsync(context =>
    {
        _requests.Enqueue($"{context.Request.Method} {context.Request.Path} {context.Request.Headers.Range}");
        return answer(context);
    });

    private static Task NotFound(HttpContext context)
    {
        context.Response.StatusCode = 404;
        return Task.CompletedTask;
    }

    private static Task SendAsync(HttpContext context) => SendAsync(context, s_bytes);

    private static Task SendAsync(HttpContext context, byte[] bytes) =>
        Results.Bytes(bytes, enableRangeProcessing: true).ExecuteAsync(context);

    private static async Task BreakOffAsync(HttpContext context, byte[] bytes)
    {
        if (context.Request.Headers.Range.Count > 0)
        {
            context.Abort();
            return;
        }
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes.AsMemory(0, bytes.Length / 2));
        await context.Response.Body.FlushAsync();
        // Kestrel closes a connection on which it has promised more; aborting it would take back what was sent.
    }

    private void AssertNothingUnfinished() => Assert.Empty(_directory.EnumerateFiles());

    private static string Name(LoopbackServer server) => server.Address.GetLeftPart(UriPartial.Authority);

    private static byte[] MakeBytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
