using Akka.Actor;

namespace Akka.Serialization;

public class Serialization
{
    internal Serialization(ExtendedActorSystem system)
    {
        System = system;
    }

    internal ExtendedActorSystem System { get; }
}
