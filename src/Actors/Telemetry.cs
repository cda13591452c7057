using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>
/// What a node tells of itself in figures and traces, by the runtime's own means: whoever listens to <see cref="Name"/> gets it, and where
/// nobody does it costs next to nothing. Counts are of this process; <c>docs/observability.md</c> lists all.
/// </summary>
public static class Telemetry
{
    /// <summary>Of the meter and of the source of activities.</summary>
    public const string Name = "IterativeDpo";

    internal static readonly ActivitySource Source = new(Name);

    private static readonly Meter s_meter = new(Name);
    private static readonly ConcurrentDictionary<Observed, bool> s_observed = [];

    private static readonly Counter<long> s_sent = s_meter.CreateCounter<long>(
        "dpo.artifacts.sent",
        "By",
        "Bytes of artifacts sent to other nodes.");
    private static readonly Counter<long> s_received = s_meter.CreateCounter<long>(
        "dpo.artifacts.received",
        "By",
        "Bytes of artifacts received from other nodes.");
    private static readonly Counter<long> s_tokens = s_meter.CreateCounter<long>(
        "dpo.generation.tokens",
        "{token}",
        "Tokens generated, counted when a unit is done.");
    private static readonly Counter<long> s_verdicts = s_meter.CreateCounter<long>(
        "dpo.judging.verdicts",
        "{prompt}",
        "Prompts that a judge was asked about, counted when a unit is done.");
    private static readonly Counter<long> s_dropped = s_meter.CreateCounter<long>(
        "dpo.judging.dropped",
        "{prompt}",
        "Prompts given up because the judge failed on them time and again.");
    private static readonly Counter<long> s_calls = s_meter.CreateCounter<long>(
        "dpo.judging.calls",
        "{call}",
        "Calls of judges to models and services.");
    private static readonly Counter<long> s_judgeTokens = s_meter.CreateCounter<long>(
        "dpo.judging.tokens",
        "{token}",
        "Tokens that judges' models read and wrote.");
    private static readonly Gauge<double> s_loss = s_meter.CreateGauge<double>(
        "dpo.training.loss",
        description: "Loss of the last training step.");
    private static readonly Histogram<double> s_seconds = s_meter.CreateHistogram(
        "dpo.work.duration", "s", "Time that units took that were done.", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14400] });

    static Telemetry()
    {
        s_meter.CreateObservableGauge(
            "dpo.work.due",
            () => s_observed.Keys.SelectMany(DueOn),
            "{unit}",
            "Units of campaigns on this node that are to be done, in hand or not.");
        s_meter.CreateObservableGauge(
            "dpo.work.in_hand",
            () => s_observed.Keys.SelectMany(InHandOn),
            "{unit}",
            "Units that this node has in hand.");
        s_meter.CreateObservableGauge(
            "dpo.nodes",
            () => s_observed.Keys.SelectMany(KnownTo),
            "{node}",
            "Nodes that this one has heard of lately, itself among them.");
        s_meter.CreateObservableGauge(
            "dpo.campaign.round",
            () => OfCampaigns(state => state.Rounds.Count - 1),
            "{round}",
            "The round that the campaign is in.");
        s_meter.CreateObservableGauge(
            "dpo.campaign.running",
            () => OfCampaigns(state => state.Status == CampaignStatus.Running ? 1 : 0),
            null,
            "1 while the campaign runs; 0 where it is paused or has ended.");
        s_meter.CreateObservableGauge(
            "dpo.campaign.heldout_accuracy",
            () => OfCampaigns(state => state.Rounds.LastOrDefault(round => round.Outcome is not null)?.HeldOut.Accuracy()),
            null,
            "Share of held-out prompts that are right, of the last round that has ended.");
    }

    /// <summary>From now on the figures are of these campaigns and slots too, and of the nodes that this one knows.</summary>
    /// <returns>To be disposed of when they are gone.</returns>
    internal static IDisposable Observe(CampaignBoard board, IReadOnlyCollection<WorkSlot> slots, NodeTable? nodes)
    {
        var observed = new Observed(board, slots, nodes);
        s_observed[observed] = true;
        return observed;
    }

    public static void Sent(long bytes) => s_sent.Add(bytes);

    public static void Received(long bytes) => s_received.Add(bytes);

    /// <summary>A counter of orders of a campaign.</summary>
    internal static Counter<long> OrderCounter(string what, string description) =>
        s_meter.CreateCounter<long>($"dpo.orders.{what}", "{order}", description);

    internal static TagList TagsOf(string campaign, WorkId id) =>
        new() { { "campaign", campaign }, { "role", Word(WorkOrder.RoleOf(id.Stage)) }, { "stage", Word(id.Stage) } };

    /// <summary>The trace of a round: the same wherever the campaign is, and after it has moved.</summary>
    internal static ActivityContext TraceOf(string campaign, DateTimeOffset startedAt, int round)
    {
        var name = SHA256.HashData(Encoding.UTF8.GetBytes($"{campaign} {startedAt.UtcTicks} {round}"));
        return new(
            ActivityTraceId.CreateFromBytes(name.AsSpan(0, 16)),
            ActivitySpanId.CreateFromBytes(name.AsSpan(16, 8)),
            ActivityTraceFlags.Recorded,
            isRemote: true);
    }

    /// <summary>The work on an order, on the node that does it: the trace goes on that the campaign began.</summary>
    /// <returns>Null where nobody listens.</returns>
    internal static Activity? Begin(WorkOrder order)
    {
        ActivityContext.TryParse(order.TraceParent, null, isRemote: true, out var parent);
        return Source.StartActivity(
            Word(order.Id.Stage),
            ActivityKind.Consumer,
            parent,
            [.. TagsOf(order.Campaign, order.Id), new("unit", order.Id.ToString())]);
    }

    /// <summary>The work on an order came to this.</summary>
    internal static void Done(WorkOrder order, WorkResult result)
    {
        s_seconds.Record(result.Seconds, TagsOf(order.Campaign, order.Id));
        switch (result)
        {
            case SampleResult sampled:
                s_tokens.Add(sampled.Tokens, TagsOf(order.Campaign, order.Id));
                break;
            case JudgeResult judged:
                s_verdicts.Add(judged.Latency?.Count ?? 0, TagsOf(order.Campaign, order.Id));
                s_dropped.Add(judged.Dropped, TagsOf(order.Campaign, order.Id));
                s_calls.Add(judged.Usage?.Calls ?? 0, TagsOf(order.Campaign, order.Id));
                s_judgeTokens.Add((judged.Usage?.InputTokens ?? 0) + (judged.Usage?.OutputTokens ?? 0), TagsOf(order.Campaign, order.Id));
                break;
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

    private static IEnumerable<Measurement<int>> DueOn(Observed node) =>
        from standing in node.Board.Standings
        let due = Round.Due(standing.Value.State).CountBy(order => order.Role).ToDictionary()
        from role in Enum.GetValues<WorkerRole>()
        select new Measurement<int>(due.GetValueOrDefault(role), new("campaign", standing.Key), new("role", Word(role)));

    private static IEnumerable<Measurement<int>> InHandOn(Observed node) =>
        from slots in node.Slots.GroupBy(slot => slot.Role)
        select new Measurement<int>(
            slots.Count(slot => slot.InHand is not null),
            new KeyValuePair<string, object?>("role", Word(slots.Key)));

    private static IEnumerable<Measurement<int>> KnownTo(Observed node) => node.Nodes is not { } known ? [] :
        from role in NodeRoles.All
        select new Measurement<int>(
            known.Nodes.Count(other => other.Report.Roles.Contains(role)),
            new KeyValuePair<string, object?>("role", role));

    /// <param name="look">Null: there is none yet.</param>
    private static IEnumerable<Measurement<double>> OfCampaigns(Func<CampaignState, double?> look) =>
        from node in s_observed.Keys
        from standing in node.Board.Standings
        where standing.Value.State.Plan is not null
        let value = look(standing.Value.State)
        where value is not null
        select new Measurement<double>(value.Value, new KeyValuePair<string, object?>("campaign", standing.Key));

    private static string Word<T>(T name) where T : struct, Enum => name.ToString().ToLowerInvariant();

    private sealed class Observed(CampaignBoard board, IReadOnlyCollection<WorkSlot> slots, NodeTable? nodes) : IDisposable
    {
        public CampaignBoard Board => board;

        public IReadOnlyCollection<WorkSlot> Slots => slots;

        public NodeTable? Nodes => nodes;

        public void Dispose() => s_observed.TryRemove(this, out _);
    }
}
