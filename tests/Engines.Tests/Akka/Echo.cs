using Akka.Actor;

namespace IterativeDpo.Engines.Tests.Akka;

/// <summary>Sends every message back.</summary>
internal sealed class Echo : ReceiveActor
{
    public Echo() => ReceiveAny(message => Sender.Tell(message));
}
