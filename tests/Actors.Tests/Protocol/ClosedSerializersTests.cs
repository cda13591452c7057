using System.Text;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests.Protocol;

/// <summary>What a peer may have this node read, by the settings of a node in a cluster.</summary>
public sealed class ClosedSerializersTests : IDisposable
{
    private readonly ExtendedActorSystem _system;

    public ClosedSerializersTests()
    {
        var hocon = Path.Combine(AppContext.BaseDirectory, "hocon");
        _system = (ExtendedActorSystem)
            ActorSystem.Create(
                "closed",
                ConfigurationFactory
                    .ParseString(File.ReadAllText(Path.Combine(hocon, "cluster.conf")))
            .WithFallback(ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(hocon, "akka.conf")))));
        ClusterSharding.Get(_system);
    }

    public void Dispose() => _system.Terminate().Wait();

    [Theory]
    [InlineData(1, "{\"$type\":\"System.IO.FileInfo, System.Private.CoreLib\",\"fileName\":\"x\"}")]
    [InlineData(3, "any")]
    public void Deserialize_byASerializerThatLoadsNamedTypes_readsNothing(int serializer, string bytes) =>
        Assert.Throws<NotSupportedException>(() =>
            _system.Serialization.Deserialize(Encoding.UTF8.GetBytes(bytes), serializer, "System.IO.FileInfo, System.Private.CoreLib"));

    [Fact]
    public void Serialize_ofAnObjectThatIsNoMessage_isRefused() =>
        Assert.Throws<NotSupportedException>(() =>
            _system.Serialization.FindSerializerFor(new { secret = 1 }).ToBinary(new { secret = 1 }));

    [Fact]
    public void Serialize_ofOurMessages_isByTheirNames()
    {
        var serializer = _system.Serialization.FindSerializerFor(new WorkerReady(WorkerRole.Judge));

        Assert.IsType<ClusterSerializer>(serializer);
        Assert.Equal(
            new WorkerReady(WorkerRole.Judge),
            _system.Serialization.Deserialize(serializer.ToBinary(new WorkerReady(WorkerRole.Judge)), 640, "worker-ready"));
    }
}
