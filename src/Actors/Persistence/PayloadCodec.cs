using AkkaSerialization = Akka.Serialization.Serialization;

namespace IterativeDpo.Actors.Persistence;

/// <summary>Turns what is persisted into bytes and back by Akka's serializers, so that Akka's own events can be stored too.</summary>
internal sealed class PayloadCodec(AkkaSerialization serialization)
{
    public StoredPayload Write(object payload)
    {
        var serializer = serialization.FindSerializerFor(payload);
        return new StoredPayload(serializer.Identifier, AkkaSerialization.ManifestFor(serializer, payload), serializer.ToBinary(payload));
    }

    public object Read(StoredPayload stored) => serialization.Deserialize(stored.Bytes, stored.SerializerId, stored.Manifest);
}
