using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests;

public sealed class TelemetryTests : IDisposable
{
    private const string Campaign = "told-of";

    private static readonly SampleOrder Order = new(new WorkId(1, Stage.Sample, 0), null, 0, 2) { Number = 7, Campaign = Campaign };

    private static readonly DateTimeOffset s_startedAt = DateTimeOffset.UnixEpoch;

    private readonly ConcurrentQueue<Activity> _activities = [];
    private readonly ConcurrentQueue<(string Instrument, double Value, string Tags)> _measured = [];
    private readonly ActivityListener _traces;
    private readonly MeterListener _meters = new();

    public TelemetryTests()
    {
        // Other tests run beside these, with campaigns of other names.
        _traces = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Telemetry.Name,
            Sample = (ref options) =>
                options.Tags?.Any(tag => tag is { Key: "campaign", Value: Campaign }) == true
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.None,
            ActivityStopped = _activities.Enqueue,
        };
        ActivitySource.AddActivityListener(_traces);
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Telemetry.Name)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measure(instrument, value, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Measure(instrument, value, tags));
        _meters.Start();
    }

    [Fact]
    public async Task Campaign_has_a_trace_for_each_round_and_in_it_each_unit_from_the_order_over_the_work_to_its_settling()
    {
        await RunAsync();

        var orders = _activities.Where(activity => activity.Kind == ActivityKind.Producer).ToArray();
        var works = _activities.Where(activity => activity.Kind == ActivityKind.Consumer).ToArray();
        Assert.NotEmpty(orders);
        Assert.Equal(
            orders.Select(order => (order.TraceId.ToHexString(), order.Id, (string)order.GetTagItem("unit")!)).Order(),
            works.Select(work => (work.TraceId.ToHexString(), work.ParentId, (string)work.GetTagItem("unit")!)).Order());
        var rounds = _activities.Where(activity => activity.OperationName == "round").ToArray();
        Assert.Equal([0, 1, 2], rounds.Select(round => (int)round.GetTagItem("round")!));
        Assert.Distinct(rounds.Select(round => round.TraceId));
        Assert.Equal(
            orders
                .Select(order => (int.Parse(((string)order.GetTagItem("unit")!).Split('/')[0]), order.TraceId.ToHexString()))
                .Distinct()
                .Order(),
            rounds.Select(round => ((int)round.GetTagItem("round")!, round.TraceId.ToHexString())).Order());
        Assert.All(rounds, round => Assert.True(round.Duration > TimeSpan.Zero));
        Assert.Subset(
            works.Select(work => work.OperationName).ToHashSet(),
            new HashSet<string>(["sample", "judge", "pair", "train", "publish", "evaluate", "grade"]));
    }

    [Fact]
    public async Task Campaign_counts_its_orders_and_what_became_of_them()
    {
        await RunAsync();

        Assert.Equal(Sum("dpo.orders.given", "trainer train"), Sum("dpo.orders.completed", "trainer train"));
        Assert.Equal(2, Sum("dpo.orders.completed", "trainer train"));
        Assert.Equal(4, Sum("dpo.orders.completed", "generator sample"));
        Assert.Equal(2, _measured.Count(measured => measured is { Instrument: "dpo.work.duration", Tags: $"{Campaign} trainer train" }));
        Assert.True(Sum("dpo.generation.tokens", "generator sample") > 0);
        Assert.True(Sum("dpo.judging.verdicts", "judge judge") > 0);
        Assert.Equal(
            1,
            _measured
                .Where(measured => measured is { Instrument: "dpo.campaign.running", Tags: Campaign })
                .Select(measured => measured.Value)
                .Max());
        Assert.Contains(
            2,
            _measured.Where(measured => measured is { Instrument: "dpo.campaign.round", Tags: Campaign }).Select(measured => measured.Value)
        );
        Assert.Equal(
            [1, 0.5, 1, 0.5],
            _measured.Where(measured => measured is { Instrument: "dpo.training.loss", Tags: Campaign }).Select(measured => measured.Value)
        );
    }

    [Fact]
    public void Order_that_is_sent_again_is_counted_once_and_keeps_its_trace()
    {
        var telemetry = new OrderTelemetry(Campaign);

        var first = telemetry.Give(Order, s_startedAt);
        var again = telemetry.GiveAgain(Order);

        Assert.NotNull(first.TraceParent);
        Assert.Equal(first, again);
        Assert.Equal(1, Sum("dpo.orders.given", "generator sample"));
    }

    [Fact]
    public void Order_that_does_not_come_to_a_result_says_why()
    {
        var telemetry = new OrderTelemetry(Campaign);

        telemetry.Give(Order, s_startedAt);
        telemetry.Give(Order with { Number = 8 }, s_startedAt);
        telemetry.Give(Order with { Number = 9 }, s_startedAt);
        telemetry.Give(Order with { Number = 10 }, s_startedAt);
        telemetry.Return(Order.Id, 7);
        telemetry.Expire(Order.Id, 8);
        telemetry.Count(new FailWork(Order.Id, "no answer", FailureKind.Transient, Order: 9));
        telemetry.Settle(9);
        telemetry.EndAll();

        Assert.Equal(
            ["returned", "lost", "no answer", "the campaign has moved"],
            _activities.Select(activity => activity.StatusDescription));
        Assert.Equal(
            (1, 1, 1),
            (
                Sum("dpo.orders.returned", "generator sample"),
                Sum("dpo.orders.expired", "generator sample"),
                Sum("dpo.orders.failed", "generator sample")));
    }

    [Fact]
    public void Order_is_as_it_was_where_nobody_listens()
    {
        Assert.Same(Order, new OrderTelemetry("not-told-of").Give(Order, s_startedAt));
        Assert.Same(Order, new OrderTelemetry("not-told-of").GiveAgain(Order));
    }

    public void Dispose()
    {
        _traces.Dispose();
        _meters.Dispose();
    }

    private async Task RunAsync()
    {
        using var campaign = new CampaignFixture();
        campaign.Configuration = campaign.Configure($"campaign.name = {Campaign}");
        await campaign.RunAsync(new Told(_ => _meters.RecordObservableInstruments()));
    }

    private double Sum(string instrument, string tags) =>
        _measured
            .Where(measured => measured.Instrument == instrument && measured.Tags == $"{Campaign} {tags}")
            .Sum(measured => measured.Value);

    private void Measure(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _measured.Enqueue((instrument.Name, value, string.Join(' ', tags.ToArray().Select(tag => tag.Value))));

    private sealed class Told(Action<CampaignProgress> tell) : IProgress<CampaignProgress>
    {
        public void Report(CampaignProgress value) => tell(value);
    }
}
