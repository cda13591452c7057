using System.Collections.Concurrent;
using Akka.Actor;

namespace Akka.TestKit;

/// <summary>Puts everything it gets into a queue for the test, and watches other actors on the test's behalf.</summary>
internal sealed class TestActor(BlockingCollection<Envelope> received) : ActorBase
{
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case StartWatching start:
                Context.Watch(start.Actor);
                Sender.Tell(start);
                break;
            case StopWatching stop:
                Context.Unwatch(stop.Actor);
                Sender.Tell(stop);
                break;
            default:
                received.Add(new Envelope(message, Sender));
                break;
        }

        return true;
    }

    internal sealed record StartWatching(IActorRef Actor);

    internal sealed record StopWatching(IActorRef Actor);
}
