using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>
/// What a node tells of itself in figures and traces, by the runtime's own means: whoever listens to <see cref="Name"/> gets it, and where
/// nobody does it costs next to nothing. Counts are of this process; <c>docs/cluster.md</c> lists all.
/// </summary>
public static class Telemetry
{
    /// <summary>Of the meter and of the source of activities.</summary>
    public const string Name = "IterativeDpo";

    internal static readonly ActivitySource Source = new(Name);

    private static readonly Meter s_meter = new(Name);
    private static readonly ConcurrentDictionary<Node, bool> s_nodes = [];

    private static readonly Counter<long> s_sent = s_meter.CreateCounter<long>("dpo.artifacts.sent", "By", "Bytes of artifacts sent to other nodes.");
    private static readonly Counter<long> s_received = s_meter.CreateCounter<long>("dpo.artifacts.received", "By", "Bytes of artifacts received from other nodes.");
    private static readonly Counter<long> s_tokens = s_meter.CreateCounter<long>("dpo.generation.tokens", "{token}", "Tokens generated, counted when a unit is done.");
    private static readonly Gauge<double> s_loss = s_meter.CreateGauge<double>("dpo.training.loss", description: "Loss of the last training step.");
    private static readonly Histogram<double> s_seconds = s_meter.CreateHistogram(
        "dpo.work.duration", "s", "Time that units took that were done.", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14400] });

    static Telemetry()
    {
        s_meter.CreateObservableGauge("dpo.work.due", () => s_nodes.Keys.SelectMany(DueOn), "{unit}", "Units of campaigns on this node that are to be done, in hand or not.");
        s_meter.CreateObservableGauge("dpo.work.in_hand", () => s_nodes.Keys.SelectMany(InHandOn), "{unit}", "Units that this node has in hand.");
        s_meter.CreateObservableGauge("dpo.nodes", () => s_nodes.Keys.SelectMany(KnownTo), "{node}", "Nodes that this one has heard of lately, itself among them.");
    }

    /// <summary>From now on the figures are this node's too.</summary>
    internal static void Observe(Node node) => s_nodes[node] = true;

    internal static void Forget(Node node) => s_nodes.TryRemove(node, out _);

    public static void Sent(long bytes) => s_sent.Add(bytes);

    public static void Received(long bytes) => s_received.Add(bytes);

    /// <summary>A counter of orders of a campaign.</summary>
    internal static Counter<long> OrderCounter(string what, string description) => s_meter.CreateCounter<long>($"dpo.orders.{what}", "{order}", description);

    internal static TagList TagsOf(string campaign, WorkId id) =>
        new() { { "campaign", campaign }, { "role", Word(WorkOrder.RoleOf(id.Stage)) }, { "stage", Word(id.Stage) } };

    /// <summary>The work on an order, on the node that does it: the trace goes on that the campaign began.</summary>
    /// <returns>Null where nobody listens.</returns>
    internal static Activity? Begin(WorkOrder order)
    {
        ActivityContext.TryParse(order.TraceParent, null, isRemote: true, out var parent);
        return Source.StartActivity(Word(order.Id.Stage), ActivityKind.Consumer, parent, [.. TagsOf(order.Campaign, order.Id), new("unit", order.Id.ToString())]);
    }

    /// <summary>The work on an order came to this.</summary>
    internal static void Done(WorkOrder order, WorkResult result)
    {
        s_seconds.Record(result.Seconds, TagsOf(order.Campaign, order.Id));
        if (result is SampleResult sampled)
        {
            s_tokens.Add(sampled.Tokens, TagsOf(order.Campaign, order.Id));
        }
    }

    /// <summary>The work on an order got this far.</summary>
    internal static void Progressed(WorkOrder order, ICampaignMessage report)
    {
        if (order is TrainOrder && report is WorkProgress progress && progress.Metrics.TryGetValue("loss", out var loss))
        {
            s_loss.Record(loss, new KeyValuePair<string, object?>("campaign", order.Campaign));
        }
    }

    private static IEnumerable<Measurement<int>> DueOn(Node node) =>
        from standing in node.Board.Standings
        let due = Round.Due(standing.Value.State).CountBy(order => order.Role).ToDictionary()
        from role in Enum.GetValues<WorkerRole>()
        select new Measurement<int>(due.GetValueOrDefault(role), new("campaign", standing.Key), new("role", Word(role)));

    private static IEnumerable<Measurement<int>> InHandOn(Node node) =>
        from slots in node.Slots.GroupBy(slot => slot.Role)
        select new Measurement<int>(slots.Count(slot => slot.InHand is not null), new KeyValuePair<string, object?>("role", Word(slots.Key)));

    private static IEnumerable<Measurement<int>> KnownTo(Node node) =>
        from role in NodeRoles.All
        select new Measurement<int>(node.Table.Nodes.Count(known => known.Report.Roles.Contains(role)), new KeyValuePair<string, object?>("role", role));

    private static string Word<T>(T name) where T : struct, Enum => name.ToString().ToLowerInvariant();
}
