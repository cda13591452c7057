using System.Net;
using System.Runtime.CompilerServices;
using IterativeDpo.Actors.Blobs;
using IterativeDpo.Actors.Security;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>An artifact of so many MB (10^6 bytes) between two stores of this machine, over HTTP on the loopback device; medians.</summary>
/// <param name="Tls">Whether over TLS with certificates on both sides.</param>
/// <param name="MbPerSecond">Fetched, verified and flushed to the disk.</param>
/// <param name="PlainMbPerSecond">The same server and client, the body copied into a file: neither verified nor flushed.</param>
/// <param name="UploadMbPerSecond">Offered to the server, which verifies and flushes it.</param>
/// <param name="Ratio">Fetched over plain.</param>
public sealed record BlobMeasurement(
    double Mb,
    bool Tls,
    double MbPerSecond,
    double PlainMbPerSecond,
    double UploadMbPerSecond,
    double Ratio);

/// <summary>Measures what an artifact costs on its way from node to node.</summary>
public static class BlobBenchmark
{
    private static readonly (int Mb, int Times)[] s_sizes = [(5, 15), (100, 7)];

    public static async IAsyncEnumerable<object> RunAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("dpo-bench-blobs-");
        try
        {
            var made = Certificates.Make(
                Path.Combine(directory.FullName, "certificates"),
                "node",
                [],
                days: 1,
                force: false,
                TimeProvider.System);
            using var certificate = NodeCertificate.Load(made.Certificate, TimeProvider.System);
            foreach (var security in (NodeCertificate?[])[null, certificate])
            {
                var server = new ArtifactStore(Path.Combine(directory.FullName, "server"));
                await using var application = await StartAsync(server, security, cancellation);
                using var http = new HttpClient(security?.CreateHttpHandler() ?? new SocketsHttpHandler())
                {
                    Timeout = Timeout.InfiniteTimeSpan,
                };
                var pair = new Pair(directory.FullName, server, new(application.Urls.First()), http);
                // The first time everything is compiled.
                await pair.MeasureAsync(1, 20, cancellation);
                foreach (var (mb, times) in s_sizes)
                {
                    yield return (await pair.MeasureAsync(mb, times, cancellation)) with { Tls = security is not null };
                }
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<WebApplication> StartAsync(ArtifactStore store, NodeCertificate? certificate, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder
            .WebHost.UseKestrelCore()
            .UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
        {
            if (certificate is not null) listen.UseHttps(NodeHttps.For(certificate));
        }));
        builder.Services.AddRoutingCore();
        var application = builder.Build();
        application.UseRouting();
        application.MapBlobs(store, new());
        await application.StartAsync(cancellation);
        return application;
    }

    /// <summary>A node and another one that has it as holder and keeper.</summary>
    private sealed class Pair(string directory, ArtifactStore server, Uri node, HttpClient http)
    {
        private readonly ArtifactStore _local = new(Path.Combine(directory, "local"));

        public async Task<BlobMeasurement> MeasureAsync(int mb, int times, CancellationToken cancellation)
        {
            var client = new BlobClient(_local, http, () => [node], () => [node], TimeProvider.System);
            var bytes = new byte[mb * 1_000_000];
            var (fetched, plain, uploaded) = (new double[times], new double[times], new double[times]);
            for (var i = 0; i < times; i++)
            {
                new Random(i).NextBytes(bytes);
                var digest = server.Put(bytes);
                fetched[i] = await SecondsAsync(() => client.FetchAsync([digest], cancellation));
                plain[i] = await SecondsAsync(() =>
                    DownloadAsync(http, new(node, $"/blobs/{digest}"), Path.Combine(directory, "plain"), cancellation));
                File.Delete(server.PathOf(digest));
                uploaded[i] = await SecondsAsync(() => client.OfferAsync([digest], cancellation));
                File.Delete(server.PathOf(digest));
                File.Delete(_local.PathOf(digest));
            }
            double Speed(double[] seconds) => mb / seconds.Order().ElementAt(times / 2);
            return new(mb, false, Speed(fetched), Speed(plain), Speed(uploaded), Speed(fetched) / Speed(plain));
        }
    }

    private static async Task DownloadAsync(HttpClient http, Uri address, string path, CancellationToken cancellation)
    {
        using var response = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.EnsureSuccessStatusCode();
        await using var file = File.Create(path);
        await response.Content.CopyToAsync(file, cancellation);
    }

    private static async Task<double> SecondsAsync(Func<Task> work)
    {
        var start = TimeProvider.System.GetTimestamp();
        await work();
        return TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }
}
