using System.Diagnostics;
using System.Diagnostics.Metrics;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>
/// Counts what becomes of a campaign's orders, and traces each from when it is given out until what came of it is settled: all of a round
/// in one trace, which the span of the round closes.
/// </summary>
internal sealed class OrderTelemetry(string campaign)
{
    private static readonly Counter<long> s_given = Telemetry.OrderCounter("given", "Orders given to workers.");
    private static readonly Counter<long> s_returned = Telemetry.OrderCounter("returned", "Orders that workers gave back.");
    private static readonly Counter<long> s_expired = Telemetry.OrderCounter("expired", "Orders that were lost with their workers.");
    private static readonly Counter<long> s_completed = Telemetry.OrderCounter("completed", "Results that counted.");
    private static readonly Counter<long> s_failed = Telemetry.OrderCounter("failed", "Failures that counted.");

    private readonly Dictionary<long, Activity> _open = [];

    /// <summary>An order goes to a worker once more: it did not get there.</summary>
    public WorkOrder GiveAgain(WorkOrder order) =>
        _open.TryGetValue(order.Number, out var open) ? order with { TraceParent = open.Id } : order;

    /// <summary>An order goes to a worker.</summary>
    /// <param name="startedAt">When the campaign was.</param>
    /// <returns>The order with its trace, where somebody listens.</returns>
    public WorkOrder Give(WorkOrder order, DateTimeOffset startedAt)
    {
        var tags = Telemetry.TagsOf(campaign, order.Id);
        s_given.Add(1, tags);
        // The current activity is nobody's business here.
        var current = Activity.Current;
        var activity = Telemetry.Source.StartActivity(
            "work",
            ActivityKind.Producer,
            Telemetry.TraceOf(campaign, startedAt, order.Id.Round),
            [.. tags, new("unit", order.Id.ToString())]);
        Activity.Current = current;
        if (activity is null)
        {
            return order;
        }
        _open[order.Number] = activity;
        return order with { TraceParent = activity.Id };
    }

    /// <summary>What came of an order is journalled.</summary>
    public void Count(CampaignCommand command)
    {
        switch (command)
        {
            case CompleteWork { Result.Id: var id }:
                s_completed.Add(1, Telemetry.TagsOf(campaign, id));
                break;
            case FailWork failure:
                s_failed.Add(1, Telemetry.TagsOf(campaign, failure.Id));
                if (_open.TryGetValue(failure.Order, out var open))
                {
                    open.SetStatus(ActivityStatusCode.Error, failure.Reason);
                }
                break;
        }
    }

    /// <summary>A round has ended: that is journalled.</summary>
    public void EndRound(CampaignState state, RoundCompleted ended)
    {
        using var activity = Telemetry.Source.StartActivity(
            "round", ActivityKind.Internal, Telemetry.TraceOf(campaign, state.StartedAt, ended.Round),
            [new("campaign", campaign), new("round", ended.Round), new("outcome", ended.Outcome.ToString().ToLowerInvariant())],
            startTime: ended.At.AddSeconds(-state.Rounds[ended.Round].TotalSeconds));
    }

    public void Settle(long order) => End(order, null);

    public void Return(WorkId id, long order)
    {
        s_returned.Add(1, Telemetry.TagsOf(campaign, id));
        End(order, "returned");
    }

    public void Expire(WorkId id, long order)
    {
        s_expired.Add(1, Telemetry.TagsOf(campaign, id));
        End(order, "lost");
    }

    /// <summary>The campaign goes on elsewhere, if at all.</summary>
    public void EndAll()
    {
        foreach (var order in _open.Keys.ToArray())
        {
            End(order, "the campaign has moved");
        }
    }

    private void End(long order, string? why)
    {
        if (_open.Remove(order, out var activity))
        {
            if (why is not null)
            {
                activity.SetStatus(ActivityStatusCode.Error, why);
            }
            activity.Dispose();
        }
    }
}
