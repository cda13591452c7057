using Akka.Actor;
using Akka.Serialization;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Protocol;

/// <summary>Akka's serializer for every <see cref="ICampaignMessage"/>: JSON by <see cref="WireFormat"/>.</summary>
public class ClusterSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>As stored beside each event.</summary>
    internal const int Number = 640;

    public override int Identifier => Number;

    public override string Manifest(object o) => WireFormat.ManifestOf(o);

    public override byte[] ToBinary(object obj) => WireFormat.Write(obj);

    public override object FromBinary(byte[] bytes, string manifest) => WireFormat.Read(bytes, manifest);
}
