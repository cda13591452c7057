using Akka.Actor;

namespace Akka.TestKit;

/// <summary>One more actor that a test takes messages from.</summary>
public class TestProbe : TestKitBase
{
    internal TestProbe(ActorSystem system, string name)
        : base(system, null, null, name)
    {
    }

    public IActorRef Ref => TestActor;

    /// <summary>The sender of the message taken last.</summary>
    public IActorRef Sender => LastSender;

    public void Send(IActorRef actor, object message) => actor.Tell(message, TestActor);

    /// <summary>Passes the message taken last on, with its sender.</summary>
    public void Forward(IActorRef actor) => actor.Tell(LastMessage, Sender);

    public void Forward(IActorRef actor, object message) => actor.Tell(message, Sender);

    /// <summary>Answers the message taken last.</summary>
    public void Reply(object message) => Sender.Tell(message, TestActor);
}
