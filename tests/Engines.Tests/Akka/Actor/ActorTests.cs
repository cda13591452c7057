using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Actor;

/// <summary>Delivery, behaviours, stash, ask and pipe.</summary>
public sealed class ActorTests : TestKit
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
    public void Receive_takesTheFirstHandlerThatMatches()
    {
        var actor = Sys.ActorOf<Matching>();

        actor.Tell(5);
        actor.Tell(50);
        actor.Tell(5.0);

        ExpectMsg("small");
        ExpectMsg("int");
        ExpectMsg("any");
    }

    [Fact]
    public void Receive_withoutHandler_publishesUnhandledMessage()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(UnhandledMessage));
        var actor = Sys.ActorOf<Matching.OnlyInts>();

        actor.Tell("text");

        ExpectMsg<UnhandledMessage>(unhandled => Equals(unhandled.Message, "text") && unhandled.Recipient.Equals(actor));
    }

    [Fact]
    public void Become_replacesTheBehaviourForTheNextMessage()
    {
        var actor = Sys.ActorOf<Switching>();

        foreach (var message in new[] { "who", "become", "who" }) actor.Tell(message);

        ExpectMsg("first");
        ExpectMsg("second");
    }

    [Fact]
    public void UnbecomeStacked_returnsToTheBehaviourBelow()
    {
        var actor = Sys.ActorOf<Switching>();

        foreach (var message in new[] { "stack", "who", "unstack", "who" }) actor.Tell(message);

        ExpectMsg("second");
        ExpectMsg("first");
    }

    [Fact]
    public void UnstashAll_bringsMessagesBackInOrderBeforeTheRest()
    {
        var actor = Sys.ActorOf<Stashing>();

        foreach (var message in new object[] { 1, 2, 3, "open", 4 }) actor.Tell(message);

        foreach (var expected in new[] { 1, 2, 3, 4 }) ExpectMsg(expected);
    }

    [Fact]
    public void UnstashAll_keepsTheSender()
    {
        var probe = CreateTestProbe();
        var actor = Sys.ActorOf<Stashing>();

        probe.Send(actor, 1);
        actor.Tell("open");

        probe.ExpectMsg(1);
    }

    [Fact]
    public async Task Ask_answered_givesTheAnswer()
    {
        var answer = await Sys.ActorOf<Echo>().Ask<string>("hello", TimeSpan.FromSeconds(10));

        Assert.Equal("hello", answer);
    }

    [Fact]
    public async Task Ask_unanswered_failsWithAskTimeout()
    {
        var silent = Sys.ActorOf<Silent>();

        await Assert.ThrowsAsync<AskTimeoutException>(() => silent.Ask<string>("hello", TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public async Task Ask_answeredByStatusFailure_throwsItsCause()
    {
        var echo = Sys.ActorOf<Echo>();

        var failure = await Assert.ThrowsAsync<FormatException>(
            () => echo.Ask<string>(new Status.Failure(new FormatException("bad")), TimeSpan.FromSeconds(10)));
        Assert.Equal("bad", failure.Message);
    }

    [Fact]
    public async Task Ask_answeredByAnotherType_throwsArgumentException()
    {
        var echo = Sys.ActorOf<Echo>();

        await Assert.ThrowsAsync<ArgumentException>(() => echo.Ask<string>(42, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void PipeTo_sendsTheResult()
    {
        Task.FromResult(new Number(7)).PipeTo(TestActor);

        ExpectMsg(new Number(7));
    }

    [Fact]
    public void PipeTo_sendsWhatSuccessMakesOfTheResult()
    {
        Task.FromResult(7).PipeTo(TestActor, success: value => new Number(value));

        ExpectMsg(new Number(7));
    }

    [Fact]
    public void PipeTo_ofAFailedTask_sendsStatusFailure()
    {
        Task.FromException<int>(new FormatException("bad")).PipeTo(TestActor);

        ExpectMsg<Status.Failure>(failure => failure.Cause is FormatException);
    }

    [Fact]
    public void PipeTo_ofAFailedTask_sendsWhatFailureMakesOfIt()
    {
        Task.FromException<int>(new FormatException("bad")).PipeTo(TestActor, failure: cause => cause.Message);

        ExpectMsg("bad");
    }

    [Fact]
    public void ReceiveAsync_holdsTheNextMessageUntilItIsDone()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = Sys.ActorOf(Props.Create(() => new Asynchronous(gate.Task)));

        actor.Tell("slow");
        actor.Tell("fast");
        ExpectMsg("slow begins");
        gate.SetResult();

        ExpectMsg("slow ends");
        ExpectMsg("fast");
    }

    [Fact]
    public void ReceiveAsync_afterAnAwait_stillHasSelfAndSender()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Asynchronous(Task.Delay(20))));

        actor.Tell("slow");

        ExpectMsg("slow begins");
        ExpectMsg("slow ends");
        Assert.Equal(actor, LastSender);
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

    [Fact]
    public void Publish_reachesSubscribersOfABaseType()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Animal));

        Sys.EventStream.Publish(new Dog("Rex"));

        ExpectMsg(new Dog("Rex"));
    }

    [Fact]
    public void Publish_afterUnsubscribe_reachesNobody()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Animal));
        Sys.EventStream.Unsubscribe(TestActor, typeof(Animal));

        Sys.EventStream.Publish(new Dog("Rex"));

        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    private abstract record Animal(string Name);

    private sealed record Dog(string Name) : Animal(Name);

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }

    private sealed class Silent : ReceiveActor
    {
        public Silent() => ReceiveAny(_ => { });
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

    private sealed class Matching : ReceiveActor
    {
        public Matching()
        {
            Receive<int>(value => value < 10, _ => Sender.Tell("small"));
            Receive<int>(_ => Sender.Tell("int"));
            ReceiveAny(_ => Sender.Tell("any"));
        }

        internal sealed class OnlyInts : ReceiveActor
        {
            public OnlyInts() => Receive<int>(_ => { });
        }
    }

    private sealed class Switching : ReceiveActor
    {
        public Switching()
        {
            Receive<string>(text => text == "become", _ => Become(Second));
            Receive<string>(text => text == "stack", _ => BecomeStacked(Second));
            Receive<string>(text => text == "who", _ => Sender.Tell("first"));
        }

        private void Second()
        {
            Receive<string>(text => text == "unstack", _ => UnbecomeStacked());
            Receive<string>(text => text == "who", _ => Sender.Tell("second"));
        }
    }

    private sealed class Stashing : ReceiveActor, IWithUnboundedStash
    {
        public Stashing()
        {
            Receive<string>(_ =>
            {
                Become(Open);
                Stash.UnstashAll();
            });
            ReceiveAny(_ => Stash.Stash());
        }

        public IStash Stash { get; set; } = null!;

        private void Open() => Receive<int>(number => Sender.Tell(number));
    }

    private sealed class Asynchronous : ReceiveActor
    {
        public Asynchronous(Task gate)
        {
            ReceiveAsync<string>(text => text == "slow", async text =>
            {
                Sender.Tell(text + " begins");
                await gate;
                Sender.Tell(text + " ends", Self);
            });
            Receive<string>(text => Sender.Tell(text));
        }
    }
}
