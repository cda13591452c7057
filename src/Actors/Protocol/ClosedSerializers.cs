using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace IterativeDpo.Actors.Protocol;

/// <summary>
/// Takes the place of one of Akka's serializers by which a peer names types that are then loaded: it reads and writes nothing. Only
/// messages that are listed, Akka's own and <see cref="WireFormat"/>'s, go from node to node.
/// </summary>
public abstract class ClosedSerializer(ExtendedActorSystem system) : Serializer(system)
{
    public override bool IncludeManifest => false;

    /// <exception cref="NotSupportedException">Always.</exception>
    public override byte[] ToBinary(object obj) => throw new NotSupportedException($"{obj.GetType()} is no message between nodes.");

    /// <exception cref="NotSupportedException">Always.</exception>
    public override object FromBinary(byte[] bytes, Type type) =>
        throw new NotSupportedException("a message of a kind that no node sends was dropped");
}

/// <summary>In place of the one for any object, by Newtonsoft.Json.</summary>
public sealed class ClosedObjects : ClosedSerializer
{
    /// <remarks>Akka asks for this constructor, as there are settings for the serializer that it replaces.</remarks>
    public ClosedObjects(ExtendedActorSystem system, Config _) : base(system)
    {
    }

    public override int Identifier => 1;
}

/// <summary>In place of the one that creates actors for a peer.</summary>
public sealed class ClosedDeployment(ExtendedActorSystem system) : ClosedSerializer(system)
{
    public override int Identifier => 3;
}
