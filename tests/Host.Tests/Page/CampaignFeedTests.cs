using System.Collections.Immutable;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Page;

namespace IterativeDpo.Host.Tests.Page;

public sealed class CampaignFeedTests : IDisposable
{
    private readonly MadeCampaign _campaign = new(rounds: 2);
    private readonly Clock _clock = new();

    public void Dispose() => _campaign.Dispose();

    [Fact]
    public void Now_ofAStateDirectoryAlone_isStopped()
    {
        var now = Feed().Now();

        Assert.Equal(("stopped", _campaign.Events, null), (now.Status, now.Events, now.RoundsLeft));
        Assert.Equal("round 3/4: sampling and judging", now.Stage!.View.Title);
        Assert.Null(now.Stage.PerSecond);
    }

    [Fact]
    public void Now_ofADirectoryWithoutACampaign_isNew()
    {
        var directory = Directory.CreateTempSubdirectory("dpo-page-");

        Assert.Equal("new", new CampaignFeed(directory.FullName, _clock).Now().Status);
        directory.Delete();
    }

    [Fact]
    public void Now_ofWorkInHand_tellsItsRateAndWhatIsLeft()
    {
        var feed = Feed();
        var state = feed.Now().State;
        feed.Report(new(state, null));
        // A stage begins with the event that made it due.
        _clock.Move(seconds: (state.LastEventAt - _clock.GetUtcNow()).TotalSeconds + 10);
        feed.Report(new(state, new WorkProgress(new(3, Stage.Sample, 0), 1, 2, 100, 10, ImmutableSortedDictionary<string, double>.Empty)));

        var now = feed.Now();

        Assert.True(now.IsRunning);
        Assert.Equal((1, 2), (now.Stage!.View.Done, now.Stage.View.Total));
        Assert.Equal(
            (0.1, TimeSpan.FromSeconds(10)),
            (Math.Round(now.Stage.PerSecond!.Value, 6), TimeSpan.FromSeconds(Math.Round(now.Stage.Left!.Value.TotalSeconds, 3))));
        // Two rounds are left, and each of those before took 8 s.
        Assert.InRange(now.RoundsLeft!.Value.TotalSeconds, 1, 16);
    }

    [Fact]
    public void StepsSoFar_leavesOutALineThatIsBeingWritten()
    {
        var feed = Feed();
        var work = Directory.CreateDirectory(CampaignReader.WorkPath(_campaign.StatePath)).FullName;
        File.WriteAllText(Path.Combine(work, "metrics-1.jsonl"), "{\"step\":1,\"steps\":9,\"loss\":0.5}\n{\"step\":2,\"ste");

        var step = Assert.Single(feed.StepsSoFar(1));
        Assert.Equal((1, 9, 0.5), (step.Step, step.Steps, step.Metrics["loss"]));
    }

    [Fact]
    public void Now_ofADamagedJournal_keepsWhatWasRead()
    {
        var feed = Feed();
        feed.Now();
        File.WriteAllText(CampaignReader.DatabasePath(_campaign.StatePath), "no database");
        _clock.Move(seconds: 1);

        var now = feed.Now();

        Assert.Contains("damaged", now.Trouble, StringComparison.Ordinal);
        Assert.Equal(_campaign.Events, now.Events);
    }

    [Fact]
    public void Before_givesTheLastEventsBeforeANumber()
    {
        Assert.Equal([2, 3, 4], Feed().Before(5, 3).Select(item => item.Number));
        Assert.Equal([1, 2], Feed().Before(3, 100).Select(item => item.Number));
        Assert.Empty(Feed().Before(1, 100));
        Assert.Empty(Feed().Before(0, 100));
    }

    private CampaignFeed Feed() => new(_campaign.StatePath, _clock);

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => _now;

        public override long GetTimestamp() => _now.Ticks;

        public void Move(double seconds) => _now += TimeSpan.FromSeconds(seconds);
    }
}
