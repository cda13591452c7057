using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Actor;

/// <summary>Who gets a message, from whom, and in which order.</summary>
public sealed class DeliveryTests : TestKit
{
    private sealed record Number(int Value);

    [Fact]
    public void Tell_fromTwoSenders_keepsTheOrderOfEachSender()
    {
        var first = Sys.ActorOf(Props.Create(() => new Burst(TestActor, 0)));
        var second = Sys.ActorOf(Props.Create(() => new Burst(TestActor, 1)));

        first.Tell("go");
        second.Tell("go");

        var received = ReceiveN(2000, TimeSpan.FromSeconds(20)).Cast<Number>().ToList();
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => 2 * i), received.Where(n => n.Value % 2 == 0).Select(n => n.Value));
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => 2 * i + 1), received.Where(n => n.Value % 2 == 1).Select(n => n.Value));
    }

    [Fact]
    public void Tell_inATest_hasTheTestActorAsSender()
    {
        Sys.ActorOf<Echo>().Tell("hello");

        ExpectMsg("hello");
    }

    [Fact]
    public void Forward_keepsTheSender()
    {
        var echo = Sys.ActorOf<Echo>();
        Sys.ActorOf(Props.Create(() => new Forwarder(echo))).Tell("hello");

        ExpectMsg("hello");
        Assert.Equal(echo, LastSender);
    }

    [Fact]
    public void ActorOf_nameInUse_throwsInvalidActorName()
    {
        Sys.ActorOf<Echo>("taken");

        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf<Echo>("taken"));
    }

    [Fact]
    public async Task ActorSelection_ofAnActor_findsItByPath()
    {
        var actor = Sys.ActorOf<Echo>("found");

        Assert.Equal(actor, await Sys.ActorSelection("/user/found").ResolveOne(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task ActorSelection_ofNoActor_throwsActorNotFound()
    {
        await Assert.ThrowsAsync<ActorNotFoundException>(() => Sys.ActorSelection("/user/nowhere").ResolveOne(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Tell_toAStoppedActor_publishesADeadLetter()
    {
        var actor = Watch(Sys.ActorOf<Echo>());
        Sys.Stop(actor);
        ExpectTerminated(actor);
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));

        actor.Tell("too late");

        ExpectMsg<DeadLetter>(letter => Equals(letter.Message, "too late") && letter.Recipient.Equals(actor));
    }

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef target) => ReceiveAny(target.Forward);
    }

    private sealed class Burst : ReceiveActor
    {
        public Burst(IActorRef target, int offset) => Receive<string>(_ =>
        {
            for (var i = 0; i < 1000; i++) target.Tell(new Number(2 * i + offset));
        });
    }
}
