using System.Collections.Concurrent;
using Akka.Actor;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>
/// The cluster's serializer, which counts what is written in this process. Named in the settings of <see cref="CampaignsBenchmark"/>.
/// </summary>
internal sealed class MeasuringSerializer(ExtendedActorSystem system) : ClusterSerializer(system)
{
    private static readonly ConcurrentDictionary<string, (long Count, long Bytes, int Largest)> s_written = [];

    /// <summary>
    /// How many there were of each kind of message between nodes, and of <c>event</c> and <c>snapshot</c>, their bytes and the largest
    /// one's.
    /// </summary>
    public static IReadOnlyDictionary<string, (long Count, long Bytes, int Largest)> Written => s_written;

    public override byte[] ToBinary(object obj)
    {
        var bytes = base.ToBinary(obj);
        // What is journalled goes to no other node.
        var kind = obj switch { CampaignEvent => "event", CampaignState => "snapshot", _ => Manifest(obj) };
        s_written.AddOrUpdate(
            kind,
            _ => (1, bytes.Length, bytes.Length),
            (_, known) => (known.Count + 1, known.Bytes + bytes.Length, Math.Max(known.Largest, bytes.Length)));
        return bytes;
    }
}
