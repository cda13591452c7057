using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster;
using Akka.Remote.Transport.DotNetty;
using IterativeDpo.Actors.Security;
using IterativeDpo.Actors.Tests.Blobs;
using IterativeDpo.Host.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace IterativeDpo.Host.Tests.Nodes;

/// <summary>What nodes give to those who are none, over real sockets.</summary>
public sealed class ClosedPortsTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("closed-test-");
    private readonly NodeCertificate _one, _two, _foreign;
    private readonly X509Certificate2 _expired, _selfSigned;
    private readonly ConcurrentQueue<string> _received = [];
    private readonly List<ActorSystem> _systems = [];

    public ClosedPortsTests()
    {
        var expired = Certificates.Make(In("cluster"), "old", [], days: 1, force: false, new Clock(DateTimeOffset.UtcNow.AddHours(-30)));
        (_one, _two, _foreign) = (Make("cluster", "one"), Make("cluster", "two"), Make("foreign", "one"));
        _expired = X509Certificate2.CreateFromPemFile(expired.Certificate, expired.Key);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=one", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(NodeCertificate.Purposes, critical: false));
        _selfSigned = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    public void Dispose()
    {
        Task.WhenAll(_systems.Select(system => system.Terminate())).Wait();
        foreach (var certificate in (IDisposable[])[_one, _two, _foreign, _expired, _selfSigned])
        {
            certificate.Dispose();
        }
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Cluster_takesNodesOfItsAuthorityOnly()
    {
        var seed = Start(_one.AkkaSetup);
        var address = Cluster.Get(seed).SelfAddress;
        await Cluster.Get(seed).JoinAsync(address);
        var foreignSeed = Start(Careless(_foreign.Certificate));
        var foreignAddress = Cluster.Get(foreignSeed).SelfAddress;
        await Cluster.Get(foreignSeed).JoinAsync(foreignAddress);
        var plain = Start(null);
        (ActorSystem System, Address Wanted)[] intruders =
        [
            (Start(Careless(_foreign.Certificate)), address),
            (Start(Careless(_selfSigned)), address),
            (Start(Careless(_expired)), address),
            (plain, address.WithProtocol("akka.tcp")),
            // And a node gives nothing to a cluster that would take it.
            (Start(_two.AkkaSetup), foreignAddress),
        ];
        foreach (var (system, wanted) in intruders)
        {
            Cluster.Get(system).Join(wanted);
            Tell(system, wanted, "from an intruder");
        }
        await Task.Delay(1000);

        var node = Start(_two.AkkaSetup);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await Cluster.Get(node).JoinAsync(address, limit.Token);
        Tell(node, address, "from a node");
        Assert.Equal(
            "from a node",
            await node.ActorSelection(new RootActorPath(address) / "user" / "echo").Ask<string>("from a node", TimeSpan.FromSeconds(20)));

        Assert.Equal(
            new[] { address, Cluster.Get(node).SelfAddress }.Order(),
            Cluster.Get(seed).State.Members.Select(member => member.Address).Order());
        Assert.Equal(foreignAddress, Assert.Single(Cluster.Get(foreignSeed).State.Members).Address);
        Assert.All(_received, text => Assert.Equal("from a node", text));
    }

    [Fact]
    public async Task ActorPort_givesNothingToWhoIsNoNode()
    {
        var port = Cluster.Get(Start(_one.AkkaSetup)).SelfAddress.Port!.Value;

        await AssertClosedAsync(port);
    }

    [Fact]
    public async Task HttpPort_givesNothingToWhoIsNoNode()
    {
        await using var server = await ServeAsync(_one);

        await AssertClosedAsync(server.Address.Port);
        using var insecure = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => insecure.GetStringAsync(new Uri($"http://127.0.0.1:{server.Address.Port}/")));
        Assert.Empty(_received);
    }

    [Fact]
    public async Task HttpPort_answersNodesOfItsAuthority()
    {
        await using var server = await ServeAsync(_one);
        using var client = new HttpClient(_two.CreateHttpHandler());

        Assert.Equal("secret", await client.GetStringAsync(server.Address));
    }

    [Fact]
    public async Task HttpClient_ofANode_sendsNothingToWhoIsNone()
    {
        await using var server = await ServeAsync(_foreign);
        using var client = new HttpClient(_two.CreateHttpHandler());

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(server.Address));
        Assert.Empty(_received);
    }

    private async Task AssertClosedAsync(int port)
    {
        // At most the alert that says why.
        Assert.InRange(
            await BytesForAsync(port, async stream =>
            {
                await stream.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
                return stream;
            }),
            0,
            7);
        foreach (var certificate in (X509Certificate2?[])[null, _foreign.Certificate, _selfSigned, _expired])
        {
            Assert.Equal(0, await BytesForAsync(port, async stream =>
            {
                var tls = new SslStream(
                    stream,
                    leaveInnerStreamOpen: false,
                    (_, server, _, _) => server is not null,
                    (_, _, _, _, _) => certificate!);
                await tls.AuthenticateAsClientAsync("localhost");
                return tls;
            }));
        }
    }

    /// <summary>
    /// Bytes that come back, until the other side closes the connection: one that it has taken it leaves open for longer than we wait.
    /// </summary>
    private static async Task<int> BytesForAsync(int port, Func<Stream, Task<Stream>> begin)
    {
        using var connection = new TcpClient();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(8));
        await connection.ConnectAsync("127.0.0.1", port);
        var count = 0;
        try
        {
            await using var stream = await begin(connection.GetStream());
            var buffer = new byte[1024];
            while (await stream.ReadAsync(buffer, limit.Token) is > 0 and var read)
            {
                count += read;
            }
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // Closed in the middle of it.
        }
        return count;
    }

    private Task<LoopbackServer> ServeAsync(NodeCertificate certificate) => LoopbackServer.StartAsync(
        application => application.Run(context =>
        {
            _received.Enqueue(context.Request.Path);
            return context.Response.WriteAsync("secret");
        }),
        listen => listen.UseHttps(NodeHttps.For(certificate)));

    /// <summary>Shows this certificate and takes every other.</summary>
    private static DotNettySslSetup Careless(X509Certificate2 certificate) =>
        new(certificate, suppressValidation: true, requireMutualAuthentication: false, customValidator: (_, _, _, _, _) => true);

    private ActorSystem Start(DotNettySslSetup? security)
    {
        const string settings = """
            akka {
              loglevel = OFF
              stdout-loglevel = OFF
              actor.provider = cluster
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
              cluster.retry-unsuccessful-join-after = 500ms
              coordinated-shutdown.run-by-clr-shutdown-hook = off
            }
            """;
        ActorSystemSetup setup = security is null
            ? BootstrapSetup.Create().WithConfig(settings).And(new Nothing())
            : BootstrapSetup.Create().WithConfig($"{settings}\n{NodeCertificate.AkkaSettings}").And(security);
        var system = ActorSystem.Create("closed", setup);
        _systems.Add(system);
        system.ActorOf(Props.Create(() => new Echo(_received)), "echo");
        return system;
    }

    private static void Tell(ActorSystem system, Address address, string text) =>
        system.ActorSelection(new RootActorPath(address) / "user" / "echo").Tell(text, ActorRefs.NoSender);

    private NodeCertificate Make(string authority, string node) =>
        NodeCertificate.Load(
            Certificates.Make(In(authority), node, [], 365, force: false, TimeProvider.System).Certificate,
            TimeProvider.System);

    private string In(string name) => Path.Combine(_directory.FullName, name);

    private sealed class Nothing : Setup;

    private sealed class Echo : ReceiveActor
    {
        public Echo(ConcurrentQueue<string> received) => Receive<string>(text =>
        {
            received.Enqueue(text);
            Sender.Tell(text);
        });
    }

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
