using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using IterativeDpo.Actors.Blobs;
using IterativeDpo.Actors.Tests.Blobs;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Nodes;
using Microsoft.AspNetCore.Builder;

namespace IterativeDpo.Host.Tests.Nodes;

public sealed class BlobRoutesTests : IAsyncLifetime, IDisposable
{
    private static readonly byte[] s_bytes = MakeBytes(2_000_000);
    private static readonly Digest s_digest = Digest.Of(s_bytes);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("blobs-test-");
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly ArtifactStore _store;
    private LoopbackServer _server = null!;

    public BlobRoutesTests() => _store = new(Path.Combine(_directory.FullName, "node"));

    private Uri Address => new(_server.Address, $"/blobs/{s_digest}");

    public async Task InitializeAsync()
    {
        _server = await ServeAsync(_store, new(MaxBytes: 3_000_000, Uploads: 1));
        _http.BaseAddress = _server.Address;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose()
    {
        _http.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Blob_offeredAndFetched_isTheSame()
    {
        var (giver, taker) = (
            new ArtifactStore(Path.Combine(_directory.FullName, "giver")),
            new ArtifactStore(Path.Combine(_directory.FullName, "taker")));
        var empty = giver.Put(ReadOnlyMemory<byte>.Empty);
        giver.Put(s_bytes);

        await Client(giver).OfferAsync([s_digest, empty], default);
        await Client(taker).FetchAsync([s_digest, empty], default);

        Assert.Equal(s_bytes, await File.ReadAllBytesAsync(taker.Verified(s_digest)));
        Assert.Equal(0, new FileInfo(taker.Verified(empty)).Length);
        AssertNothingUnfinished();

        BlobClient Client(ArtifactStore store) => new(store, _http, () => [_server.Address], () => [_server.Address], TimeProvider.System);
    }

    [Fact]
    public async Task Get_ofARange_givesThoseBytes()
    {
        _store.Put(s_bytes);
        using var request = new HttpRequestMessage(HttpMethod.Get, Address) { Headers = { Range = new RangeHeaderValue(1_500_000, null) } };

        using var response = await _http.SendAsync(request);

        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(s_bytes[1_500_000..], await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(s_bytes.Length, response.Content.Headers.ContentRange!.Length);
    }

    [Fact]
    public async Task Head_ofAnArtifact_givesLengthAndTag()
    {
        _store.Put(s_bytes);

        using var response = await _http.SendAsync(new(HttpMethod.Head, Address));

        Assert.Equal((HttpStatusCode.OK, s_bytes.Length), (response.StatusCode, response.Content.Headers.ContentLength));
        Assert.Equal($"\"{s_digest}\"", response.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task Get_ofAMissingOrDamagedArtifact_isNotFound()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync(Address)).StatusCode);

        _store.Put(s_bytes);
        await File.WriteAllTextAsync(_store.PathOf(s_digest), "damaged");

        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync(Address)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.SendAsync(new(HttpMethod.Head, Address))).StatusCode);
    }

    [Fact]
    public async Task Put_ofADamagedArtifact_restoresIt()
    {
        _store.Put(s_bytes);
        await File.WriteAllTextAsync(_store.PathOf(s_digest), "damaged");

        using var response = await _http.PutAsync(Address, new ByteArrayContent(s_bytes));

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(s_bytes, await File.ReadAllBytesAsync(_store.Verified(s_digest)));
    }

    [Fact]
    public async Task Put_ofWhatIsThere_saysSo()
    {
        _store.Put(s_bytes);

        Assert.Equal(HttpStatusCode.OK, (await _http.PutAsync(Address, new ByteArrayContent(s_bytes))).StatusCode);
    }

    [Fact]
    public async Task Put_ofOtherBytes_isRefusedAndLeavesNothing()
    {
        using var response = await _http.PutAsync(Address, new ByteArrayContent([1, 2, 3]));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal($"these 3 bytes are not those of artifact {s_digest}\n", await response.Content.ReadAsStringAsync());
        Assert.False(_store.Contains(s_digest));
        AssertNothingUnfinished();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Put_ofTooMuch_isRefused(bool chunked)
    {
        var bytes = MakeBytes(3_000_001);
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/blobs/{Digest.Of(bytes)}") { Content = new ByteArrayContent(bytes) };
        request.Headers.ExpectContinue = true;
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await _http.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.False(_store.Contains(Digest.Of(bytes)));
        AssertNothingUnfinished();
    }

    [Fact]
    public async Task Put_beyondTheMostAtATime_isToComeLater()
    {
        await using var upload = await SendHalfAsync();

        using var response = await _http.PutAsync(Address, new ByteArrayContent(s_bytes));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task Put_cutHalfWay_leavesNothingAndFreesItsPlace()
    {
        await using (await SendHalfAsync())
        {
        }

        await WaitUntilAsync(() => !Unfinished().Any());
        Assert.False(_store.Contains(s_digest));
        Assert.Equal(HttpStatusCode.Created, (await _http.PutAsync(Address, new ByteArrayContent(s_bytes))).StatusCode);
    }

    [Theory]
    [InlineData("/blobs/x")]
    [InlineData("/blobs/A665A45920422F9D417E4867EFDC4FB8A04A1F3FFF1FA07E998E86F7F7A27AE3")]
    [InlineData("/blobs/0000000000000000000000000000000000000000000000000000000000000000a")]
    [InlineData("/blobs/../../../../etc/passwd")]
    [InlineData("/blobs/..%2F..%2F..%2F..%2Fetc%2Fpasswd")]
    [InlineData("/blobs/%2Fetc%2Fpasswd")]
    [InlineData("/blobs/secret")]
    [InlineData("/blobs/")]
    [InlineData("/blobs/%00")]
    [InlineData("/blobs/000000000000000000000000000000000000000000000000000000000000000%0a")]
    public async Task Request_withoutADigest_isRefused(string target)
    {
        Directory.CreateDirectory(Path.Combine(_directory.FullName, "node"));
        await File.WriteAllTextAsync(Path.Combine(_directory.FullName, "node", "secret"), "secret");

        foreach (var method in (string[])["GET", "PUT"])
        {
            // As it is: HttpClient would tidy the path up.
            using var connection = new TcpClient();
            await connection.ConnectAsync(_server.Address.Host, _server.Address.Port);
            await connection
                .GetStream()
                .WriteAsync(
                    Encoding.ASCII.GetBytes($"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
            var answer = await new StreamReader(connection.GetStream()).ReadToEndAsync();

            Assert.Matches(@"^HTTP/1\.1 40[04] ", answer);
            Assert.DoesNotContain("root:", answer, StringComparison.Ordinal);
        }
        Assert.Equal("secret", await File.ReadAllTextAsync(Path.Combine(_directory.FullName, "node", "secret")));
    }

    [SmallVolumeFact]
    public async Task Put_onAFullDisk_saysSoAndLeavesNothing()
    {
        using var volume = new SmallVolume();
        await using var server = await ServeAsync(new ArtifactStore(volume.Root), new());

        using var response = await _http.PutAsync(new Uri(server.Address, $"/blobs/{s_digest}"), new ByteArrayContent(s_bytes));

        Assert.Equal(HttpStatusCode.InsufficientStorage, response.StatusCode);
        Assert.Contains("no space left on its volume", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(volume.Root));
    }

    [SmallVolumeFact]
    public async Task Fetch_ontoAFullDisk_saysSoAndLeavesNothing()
    {
        using var volume = new SmallVolume();
        _store.Put(s_bytes);
        var client = new BlobClient(new ArtifactStore(volume.Root), _http, () => [_server.Address], () => [], TimeProvider.System);

        var error = await Assert.ThrowsAsync<StorageException>(() => client.FetchAsync([s_digest], default));

        Assert.Contains("no space left on its volume", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(volume.Root));
    }

    private static Task<LoopbackServer> ServeAsync(ArtifactStore store, BlobLimits limits) => LoopbackServer.StartAsync(application =>
    {
        application.UseRouting();
        application.MapBlobs(store, limits);
    });

    /// <summary>Half of an upload, under way until the connection is disposed.</summary>
    private async Task<NetworkStream> SendHalfAsync()
    {
        var connection = new TcpClient();
        await connection.ConnectAsync(_server.Address.Host, _server.Address.Port);
        var stream = connection.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"PUT /blobs/{s_digest} HTTP/1.1\r\nHost: x\r\nContent-Length: {s_bytes.Length}\r\n\r\n"));
        await stream.WriteAsync(s_bytes.AsMemory(0, s_bytes.Length / 2));
        await WaitUntilAsync(() => Unfinished().Any());
        return stream;
    }

    private IEnumerable<string> Unfinished() => Directory.Exists(Path.Combine(_directory.FullName, "node"))
        ? Directory.EnumerateFiles(Path.Combine(_directory.FullName, "node"))
        : [];

    private void AssertNothingUnfinished() => Assert.Empty(Unfinished());

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "it did not happen within 20 s");
            await Task.Delay(10);
        }
    }

    private static byte[] MakeBytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A volume of 1 MiB.</summary>
    private sealed class SmallVolume : IDisposable
    {
        public string Root { get; } = Directory.CreateTempSubdirectory("blobs-volume-").FullName;

        public SmallVolume() => Assert.True(Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", Root), "mount");

        public void Dispose()
        {
            Run("umount", Root);
            Directory.Delete(Root);
        }

        public static bool Run(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
    }

    private sealed class SmallVolumeFactAttribute : FactAttribute
    {
        private static readonly Lazy<string?> s_whySkipped = new(() =>
        {
            if (!Environment.IsPrivilegedProcess) return "only the superuser can mount a small volume";
            try
            {
                using var volume = new SmallVolume();
                return null;
            }
            catch (Exception e)
            {
                return $"no small volume can be mounted here: {e.Message}";
            }
        });

        public SmallVolumeFactAttribute() => Skip = s_whySkipped.Value!;
    }
}
