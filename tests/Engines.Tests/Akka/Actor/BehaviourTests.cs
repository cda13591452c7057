using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Actor;

/// <summary>Which handler takes a message, and when.</summary>
public sealed class BehaviourTests : TestKit
{
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
