using Akka.Actor;
using Akka.Serialization;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Protocol;

/// <summary>Akka's serializer for every <see cref="ICampaignMessage"/>: JSON by <see cref="WireFormat"/>.</summary>
public sealed class ClusterSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override int Identifier => 640;

    public override string Manifest(object o) => WireFormat.ManifestOf(o);

    public override byte[] ToBinary(object obj) => WireFormat.Write(obj);

    public override object FromBinary(byte[] bytes, string manifest) => WireFormat.Read(bytes, manifest);
}
