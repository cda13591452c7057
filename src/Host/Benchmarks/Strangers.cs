using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Remote.Transport.DotNetty;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Security;
using IterativeDpo.Generation;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A port of a node on this machine.</summary>
/// <param name="IsSecured">Whether it asks for a certificate.</param>
/// <param name="IsHttp">Otherwise it is the actors'.</param>
internal sealed record StrangePort(int Number, bool IsSecured, bool IsHttp);

/// <summary>Those who are no nodes and talk to nodes' ports all the same: several connections at once, what they say by a seed.</summary>
/// <param name="foreign">A certificate of another authority.</param>
internal sealed class Strangers(IReadOnlyList<StrangePort> ports, X509Certificate2 foreign, int seed)
{
    private const int AtOnce = 24, Crowd = 100, KeptBytes = 1 << 16;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2), s_long = TimeSpan.FromSeconds(12);

    private readonly ConcurrentDictionary<string, long> _answers = [];
    private long _connections, _sent, _leaked;

    public long Connections => Interlocked.Read(ref _connections);

    public long BytesSent => Interlocked.Read(ref _sent);

    /// <summary>What a port that asks for a certificate gave to those without, beside the TLS handshake and its alerts.</summary>
    public long BytesAnswered => Interlocked.Read(ref _leaked);

    /// <summary>Answers of the HTTP port that asks for none, by status.</summary>
    public IReadOnlyDictionary<string, long> Answers => new SortedDictionary<string, long>(_answers, StringComparer.Ordinal);

    /// <summary>Goes on until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll([
            AssociateAgainAsync(cancellationToken),
            .. Enumerable
                .Range(0, AtOnce)
                .Select(index => TalkAgainAsync(new SplitMix64(SampleSeed.Mix((ulong)seed << 16 | (uint)index)), cancellationToken)),
        ]);

    private async Task TalkAgainAsync(SplitMix64 random, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var port = random.Pick(ports);
            await (random.Below(100) switch
            {
                < 10 => TalkAsync(
                    port,
                    stream => SendAsync(stream, StrangeBytes.Random(random, 1 << 16), cancellationToken),
                    s_patience,
                    cancellationToken),
                < 18 => TalkAsync(
                    port,
                    stream => SendAsync(stream, StrangeBytes.HalfHello(random), cancellationToken),
                    random.Below(4) == 0 ? s_long : s_patience,
                    cancellationToken),
                < 30 => TalkAsync(
                    port,
                    stream => SendAsync(stream, StrangeBytes.Anything(random), cancellationToken),
                    s_patience,
                    cancellationToken,
                    random.Below(3) == 0 ? [] : [foreign]),
                < 45 => TalkAsync(
                    port,
                    stream => SendAsync(stream, StrangeBytes.Frames(random), cancellationToken),
                    s_patience,
                    cancellationToken),
                < 47 => TalkAsync(
                    port,
                    stream => SendSlowlyAsync(stream, StrangeBytes.Anything(random), cancellationToken),
                    s_long,
                    cancellationToken),
                < 48 => CrowdAsync(port, cancellationToken),
                < 49 => TalkAsync(
                    port,
                    stream => SendMuchAsync(stream, StrangeBytes.HeadOfMuch(random), random.Between(100, 400), cancellationToken),
                    s_long,
                    cancellationToken),
                < 53 => StoreAndSubmitAsync(StrangeBytes.Document(random), cancellationToken),
                _ => AskAsync(random.Below(4) > 0 ? OpenHttp : port, StrangeBytes.Request(random), cancellationToken),
            });
            await Task.Delay(random.Below(40), CancellationToken.None);
        }
    }

    private StrangePort OpenHttp => ports.First(port => port is { IsHttp: true, IsSecured: false });

    /// <summary>Takes a document into the node's store, and then for a campaign.</summary>
    private async Task StoreAndSubmitAsync(byte[] document, CancellationToken cancellationToken)
    {
        var digest = Artifacts.Digest.Of(document);
        await AskAsync(OpenHttp, StrangeBytes.Post("PUT", $"/blobs/{digest}", document), cancellationToken);
        if (await AskAsync(
                OpenHttp,
                StrangeBytes.Post("POST", "/campaigns", Encoding.UTF8.GetBytes($$"""{"bundle":"{{digest}}"}""")),
                cancellationToken)
            is "200"
                or "500")
        {
            await Console.Error.WriteLineAsync($"taken for a campaign: {Encoding.Latin1.GetString(document)}");
        }
    }

    /// <returns>The status that was answered; null is none.</returns>
    private async Task<string?> AskAsync(StrangePort port, byte[] request, CancellationToken cancellationToken)
    {
        var status = await TalkAsync(port, stream => SendAsync(stream, request, cancellationToken), s_patience, cancellationToken);
        if (status == "500")
        {
            await Console.Error.WriteLineAsync($"500 for: {Encoding.Latin1.GetString(request[..Math.Min(request.Length, 500)])}");
        }
        return status;
    }

    /// <summary>Many who say nothing.</summary>
    private Task<string?[]> CrowdAsync(StrangePort port, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, Crowd).Select(_ => TalkAsync(port, _ => Task.CompletedTask, s_long, cancellationToken)));

    /// <summary>One connection, until the other side closes it or patience ends; what is heard counts.</summary>
    /// <param name="shown">By TLS, with this certificate or none; null is without TLS.</param>
    /// <returns>The status that the open HTTP port answered; null is none.</returns>
    private async Task<string?> TalkAsync(
        StrangePort port,
        Func<Stream, Task> say,
        TimeSpan patience,
        CancellationToken cancellationToken,
        X509Certificate2[]? shown = null)
    {
        Interlocked.Increment(ref _connections);
        using var connection = new TcpClient { LingerState = new LingerOption(true, 0) };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            await connection.ConnectAsync(IPAddress.Loopback, port.Number, limit.Token);
            Stream stream = connection.GetStream();
            if (shown is not null)
            {
                var tls = new SslStream(
                    stream,
                    leaveInnerStreamOpen: false,
                    (_, server, _, _) => server is not null,
                    (_, _, _, _, _) => shown.FirstOrDefault()!);
                stream = tls;
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, limit.Token);
            }
            var hearing = HearAsync(port, stream, shown is not null, limit.Token);
            await using var ending = limit.Token.Register(connection.Close);
            try
            {
                await say(stream);
            }
            catch (Exception e) when (IsOfAConnection(e))
            {
                // It may have answered nevertheless.
            }
            return await hearing;
        }
        catch (Exception e) when (IsOfAConnection(e))
        {
            return null;
        }
    }

    /// <summary>Closed in the middle of it, by one side or the other.</summary>
    private static bool IsOfAConnection(Exception e) =>
        e
            is IOException
                or SocketException
                or AuthenticationException
                or OperationCanceledException
                or ObjectDisposedException
                or InvalidOperationException;

    private async Task<string?> HearAsync(StrangePort port, Stream stream, bool isTls, CancellationToken cancellationToken)
    {
        using var heard = new MemoryStream();
        var buffer = new byte[8192];
        try
        {
            while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                if (heard.Length < KeptBytes)
                {
                    heard.Write(buffer, 0, count);
                }
            }
        }
        catch (Exception e) when (IsOfAConnection(e))
        {
            // As far as it came.
        }
        var bytes = heard.ToArray();
        if (port.IsSecured)
        {
            Interlocked.Add(ref _leaked, isTls ? bytes.Length : StrangeBytes.BeyondAlerts(bytes));
        }
        else if (port.IsHttp && !isTls && StrangeBytes.StatusOf(bytes) is { } status)
        {
            _answers.AddOrUpdate(status, 1, (_, count) => count + 1);
            return status;
        }
        return null;
    }

    private async Task SendAsync(Stream stream, byte[] bytes, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(bytes, cancellationToken);
        Interlocked.Add(ref _sent, bytes.Length);
    }

    private async Task SendSlowlyAsync(Stream stream, byte[] bytes, CancellationToken cancellationToken)
    {
        foreach (var one in bytes)
        {
            await SendAsync(stream, [one], cancellationToken);
            await Task.Delay(100, cancellationToken);
        }
    }

    private async Task SendMuchAsync(Stream stream, byte[] head, int mebibytes, CancellationToken cancellationToken)
    {
        await SendAsync(stream, head, cancellationToken);
        var piece = new byte[1 << 20];
        for (var i = 0; i < mebibytes; i++)
        {
            await SendAsync(stream, piece, cancellationToken);
        }
    }

    /// <summary>Whole actor systems that would like to talk to the nodes': without a certificate, and with a foreign one.</summary>
    private async Task AssociateAgainAsync(CancellationToken cancellationToken)
    {
        var turn = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var port in ports.Where(port => !port.IsHttp))
            {
                Interlocked.Increment(ref _connections);
                await AssociateAsync(port, turn++ / 2 % 2 == 0 ? null : foreign);
            }
            await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
        }
    }

    private async Task AssociateAsync(StrangePort port, X509Certificate2? certificate)
    {
        const string settings = """
            akka {
              loglevel = OFF
              stdout-loglevel = OFF
              log-dead-letters = off
              actor.provider = remote
              actor.serializers.iterative-dpo = "IterativeDpo.Actors.Protocol.ClusterSerializer, IterativeDpo.Actors"
              actor.serialization-bindings."IterativeDpo.Campaigns.ICampaignMessage, IterativeDpo.Campaigns" = iterative-dpo
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
              coordinated-shutdown.run-by-clr-shutdown-hook = off
            }
            """;
        ActorSystemSetup setup = certificate is null
            ? ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(settings))
            : BootstrapSetup.Create().WithConfig($"{settings}\n{NodeCertificate.AkkaSettings}").And(
                new DotNettySslSetup(
                    certificate,
                    suppressValidation: true,
                    requireMutualAuthentication: false,
                    customValidator: (_, _, _, _, _) => true));
        var system = ActorSystem.Create("iterative-dpo", setup);
        try
        {
            var address = new Address(certificate is null ? "akka.tcp" : "akka.ssl.tcp", "iterative-dpo", "127.0.0.1", port.Number);
            var node = system.ActorSelection(new RootActorPath(address) / "user" / "node");
            foreach (object message in new object[] { "anything", 1L, new[] { "a" }, PoisonPill.Instance })
            {
                // The last one would end it, and the one without a certificate is open to that by design.
                if (port.IsSecured || message is not PoisonPill)
                {
                    node.Tell(message);
                }
            }
            if (port.IsSecured)
            {
                var answer = await node.Ask<NodeReport>(new DescribeNode(), s_patience);
                Interlocked.Add(ref _leaked, WireFormat.Write(answer).Length);
            }
            else
            {
                await Task.Delay(s_patience);
            }
        }
        catch (AskTimeoutException)
        {
            // As it should be.
        }
        finally
        {
            await system.Terminate();
        }
    }
}
