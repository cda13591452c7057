namespace Akka.Actor;

/// <summary>A message on its way, with its sender.</summary>
public readonly struct Envelope(object message, IActorRef sender)
{
    public IActorRef Sender { get; } = sender;

    public object Message { get; } = message;
}
