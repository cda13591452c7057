using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Cluster;

/// <summary>Entities of a type on a cluster of one node.</summary>
public sealed class ShardingTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public ShardingTests()
        : base(OneNodeCluster.Config) => OneNodeCluster.Join(Sys);

    [Fact]
    public void Start_firstMessage_startsTheEntityWithItsId()
    {
        Start().Tell(new To("a", "who"));

        ExpectMsg("a", Patience);
    }

    [Fact]
    public void Start_secondMessageToAnId_reachesTheSameActor()
    {
        var region = Start();

        region.Tell(new To("a", "count"));
        ExpectMsg(1, Patience);
        var first = LastSender;
        region.Tell(new To("a", "count"));

        ExpectMsg(2, Patience);
        Assert.Equal(first, LastSender);
    }

    [Fact]
    public void Start_messagesToTwoIds_reachTwoActors()
    {
        var region = Start();

        region.Tell(new To("a", "count"));
        ExpectMsg(1, Patience);
        region.Tell(new To("b", "count"));

        ExpectMsg(1, Patience);
    }

    [Fact]
    public void ShardRegion_ofAStartedType_isItsRegion()
    {
        var region = Start();

        Assert.Equal(region, ClusterSharding.Get(Sys).ShardRegion("counter"));
    }

    [Fact]
    public void Passivate_stopsTheEntityAndTheNextMessageStartsItAfresh()
    {
        var region = Start();
        region.Tell(new To("a", "count"));
        ExpectMsg(1, Patience);
        Watch(LastSender);

        region.Tell(new To("a", "passivate"));

        ExpectMsg<Terminated>(Patience);
        region.Tell(new To("a", "count"));
        ExpectMsg(1, Patience);
    }

    [Fact]
    public void Passivate_messagesWhileTheEntityStops_reachTheNextOne()
    {
        var region = Start();
        region.Tell(new To("a", "count"));
        ExpectMsg(1, Patience);

        region.Tell(new To("a", "passivate slowly"));
        ExpectMsg("stopping", Patience);
        region.Tell(new To("a", "count"));
        region.Tell(new To("a", "count"));
        LastSender.Tell("stop now");

        ExpectMsg(1, Patience);
        ExpectMsg(2, Patience);
    }

    [Fact]
    public void StartEntity_startsItWithoutAMessage()
    {
        var region = Start(notify: TestActor);

        region.Tell(new ShardRegion.StartEntity("a"), ActorRefs.NoSender);

        ExpectMsg("started a", Patience);
    }

    [Fact]
    public void RememberEntities_entityThatStoppedByItself_isStartedAgain()
    {
        var region = Start(notify: TestActor, remember: true);
        region.Tell(new To("a", "who"));
        ExpectMsg("started a", Patience);
        ExpectMsg("a", Patience);

        region.Tell(new To("a", "stop"));

        ExpectMsg("started a", Patience);
    }

    private IActorRef Start(IActorRef? notify = null, bool remember = false) => ClusterSharding.Get(Sys).Start(
        "counter",
        id => Props.Create(() => new Counter(id, notify ?? ActorRefs.Nobody)),
        ClusterShardingSettings.Create(Sys).WithRememberEntities(remember),
        HashCodeMessageExtractor.Create(10, message => (message as To)?.Id, message => ((To)message).Content));

    private sealed record To(string Id, object Content);

    private sealed class Counter : ReceiveActor
    {
        private int _count;

        public Counter(string id, IActorRef notify)
        {
            notify.Tell($"started {id}");
            Receive<string>(text => text == "who", _ => Sender.Tell(id));
            Receive<string>(text => text == "count", _ => Sender.Tell(++_count));
            Receive<string>(text => text == "passivate", _ => Context.Parent.Tell(new Passivate("stop")));
            Receive<string>(text => text == "passivate slowly", _ =>
            {
                var sender = Sender;
                Context.Parent.Tell(new Passivate("prepare"));
                Become(() =>
                {
                    Receive<string>(text => text == "prepare", _ => sender.Tell("stopping"));
                    Receive<string>(text => text == "stop now", _ => Context.Stop(Self));
                });
            });
            Receive<string>(text => text == "stop", _ => Context.Stop(Self));
        }
    }
}
