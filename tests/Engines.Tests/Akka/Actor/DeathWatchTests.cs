using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Actor;

/// <summary>Who hears of an actor's end.</summary>
public sealed class DeathWatchTests : TestKit
{
    public DeathWatchTests()
        : base(ConfigurationFactory.ParseString("akka.loglevel = OFF"))
    {
    }

    [Fact]
    public void Watch_actorThatEnds_givesTerminated()
    {
        var watched = Watch(Sys.ActorOf<Idle>());

        Sys.Stop(watched);

        ExpectMsg<Terminated>(terminated => terminated.ActorRef.Equals(watched) && terminated.ExistenceConfirmed);
    }

    [Fact]
    public void Watch_actorThatHasEnded_givesTerminated()
    {
        var watched = Watch(Sys.ActorOf<Idle>());
        Sys.Stop(watched);
        ExpectTerminated(watched);

        Watch(watched);

        ExpectTerminated(watched);
    }

    [Fact]
    public void Unwatch_givesNothing()
    {
        var watched = Watch(Sys.ActorOf<Idle>());
        Unwatch(watched);

        Sys.Stop(watched);

        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void WatchWith_givesTheMessageAskedFor()
    {
        var watched = Sys.ActorOf<Idle>();
        var watcher = Sys.ActorOf(Props.Create(() => new Watcher(watched, "it ended", TestActor)));
        watcher.Tell("ready?");
        ExpectMsg("ready?");

        Sys.Stop(watched);

        ExpectMsg("it ended");
    }

    [Fact]
    public void Terminated_unhandled_endsTheWatcher()
    {
        var watched = Sys.ActorOf<Idle>();
        var watcher = Watch(Sys.ActorOf(Props.Create(() => new Careless(watched))));
        watcher.Tell("ready?");
        ExpectMsg("ready?");

        Sys.Stop(watched);

        ExpectTerminated(watcher);
    }

    [Fact]
    public void Stop_parent_stopsTheChildrenFirst()
    {
        var parent = Watch(Sys.ActorOf(Props.Create(() => new ParentOfOne(TestActor))));
        parent.Tell("ready?");
        ExpectMsg("ready?");

        Sys.Stop(parent);

        ExpectMsg("child stopped");
        ExpectMsg("parent stopped");
        ExpectTerminated(parent);
    }

    [Fact]
    public async Task GracefulStop_waitsForTheEnd()
    {
        var actor = Sys.ActorOf<Idle>("stopping");

        Assert.True(await actor.GracefulStop(TimeSpan.FromSeconds(10)));

        Watch(actor);
        ExpectTerminated(actor);
    }

    private sealed class Idle : ReceiveActor
    {
        public Idle() => ReceiveAny(_ => { });
    }

    private sealed class Watcher : ReceiveActor
    {
        public Watcher(IActorRef watched, object message, IActorRef target)
        {
            Context.WatchWith(watched, message);
            ReceiveAny(target.Tell);
        }
    }

    private sealed class Careless : ReceiveActor
    {
        public Careless(IActorRef watched)
        {
            Context.Watch(watched);
            Receive<string>(text => Sender.Tell(text));
        }
    }

    private sealed class ParentOfOne : ReceiveActor
    {
        private readonly IActorRef _target;

        public ParentOfOne(IActorRef target)
        {
            _target = target;
            Context.ActorOf(Props.Create(() => new Child(target)));
            Receive<string>(text => Sender.Tell(text));
        }

        protected override void PostStop() => _target.Tell("parent stopped");

        private sealed class Child(IActorRef target) : ReceiveActor
        {
            protected override void PostStop() => target.Tell("child stopped");
        }
    }
}
