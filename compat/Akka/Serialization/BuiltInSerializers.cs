using System.Runtime.Serialization;
using System.Text.Json;
using Akka.Actor;

namespace Akka.Serialization;

internal sealed class ByteArraySerializer(ExtendedActorSystem system) : Serializer(system)
{
    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) => (byte[])obj;

    public override object FromBinary(byte[] bytes, Type type) => bytes;
}

/// <summary>JSON with the type beside the value: what everything without a serializer of its own gets.</summary>
internal sealed class NewtonSoftJsonSerializer(ExtendedActorSystem system) : Serializer(system)
{
    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) =>
        JsonSerializer.SerializeToUtf8Bytes(new Envelope(TypeNames.Of(obj.GetType()), JsonSerializer.SerializeToElement(obj, obj.GetType())));

    public override object FromBinary(byte[] bytes, Type type)
    {
        var envelope = JsonSerializer.Deserialize<Envelope>(bytes);
        type = TypeNames.Find(envelope.Type) ?? throw new SerializationException($"Cannot find type [{envelope.Type}].");
        return envelope.Value.Deserialize(type);
    }

    private sealed record Envelope(string Type, JsonElement Value);
}
