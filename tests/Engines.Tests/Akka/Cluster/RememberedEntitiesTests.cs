using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using IterativeDpo.Engines.Tests.Akka.Persistence;

namespace IterativeDpo.Engines.Tests.Akka.Cluster;

/// <summary>Entities that a second actor system finds in the journal of the first.</summary>
public sealed class RememberedEntitiesTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Config _config = ConfigurationFactory.ParseString(
        $$"""
        akka.persistence.journal.plugin = "akka.persistence.journal.shared"
        akka.persistence.journal.shared {
          class = "{{typeof(SharedMemoryJournal).FullName}}, {{typeof(SharedMemoryJournal).Assembly.GetName().Name}}"
          name = "{{Guid.NewGuid()}}"
        }
        """).WithFallback(OneNodeCluster.Config);

    [Fact]
    public async Task Start_entitiesOfTheLastProcess_areStartedWithoutAMessage()
    {
        var first = Node();
        Start(first).Tell(new ShardRegion.StartEntity("a"), ActorRefs.NoSender);
        ExpectMsg("started a", Patience);
        await first.Terminate();

        var second = Node();
        Start(second);

        ExpectMsg("started a", Patience);
        await second.Terminate();
    }

    [Fact]
    public async Task Start_entitiesThatWerePassivated_areNotStarted()
    {
        var first = Node();
        var region = Start(first);
        region.Tell("a");
        region.Tell("b");
        ExpectMsgAllOf(Patience, "started a", "started b");
        region.Tell("a");
        ExpectMsg("passivating", Patience);
        Watch(LastSender);
        ExpectMsg<Terminated>(Patience);
        region.Tell("c");
        ExpectMsg("started c", Patience);
        await first.Terminate();

        var second = Node();
        Start(second);

        ExpectMsgAllOf(Patience, "started b", "started c");
        ExpectNoMsg(TimeSpan.FromMilliseconds(200));
        await second.Terminate();
    }

    private ActorSystem Node()
    {
        var system = ActorSystem.Create("remembering", _config);
        OneNodeCluster.Join(system);
        return system;
    }

    private IActorRef Start(ActorSystem system) => ClusterSharding.Get(system).Start(
        "entity",
        id => Props.Create(() => new Entity(id, TestActor)),
        ClusterShardingSettings.Create(system).WithRememberEntities(true),
        HashCodeMessageExtractor.Create(10, message => message as string));

    /// <summary>Tells that it has started; its second message passivates it.</summary>
    private sealed class Entity : ReceiveActor
    {
        private int _messages;

        public Entity(string id, IActorRef notify)
        {
            notify.Tell($"started {id}");
            Receive<string>(_ =>
            {
                if (++_messages < 2) return;
                Context.Parent.Tell(new Passivate(PoisonPill.Instance));
                notify.Tell("passivating");
            });
        }
    }
}
