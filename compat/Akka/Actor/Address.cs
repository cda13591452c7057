namespace Akka.Actor;

/// <summary>Where an actor system is: a protocol, the system's name and, for a system that can be reached, host and port.</summary>
public sealed record Address
{
    internal Address(string protocol, string system)
    {
        Protocol = protocol;
        System = system;
    }

    internal string Protocol { get; }

    internal string System { get; }

    public override string ToString() => $"{Protocol}://{System}";
}
