using IterativeDpo.Campaigns;
using IterativeDpo.Host.Page;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Host.Tests.Page;

namespace IterativeDpo.Host.Tests.Terminal;

public sealed class WatchViewTests : IDisposable
{
    private readonly MadeCampaign _campaign = new(
        2,
        new CampaignPaused($"the judge says {MadeCampaign.Hostile}", DateTimeOffset.UnixEpoch));

    public void Dispose() => _campaign.Dispose();

    [Fact]
    public void Lines_haveWhatIsWrong_roundsAndEvents_andNoEscapes()
    {
        var lines = Lines(100);

        Assert.Equal("campaign test: paused", lines[0]);
        Assert.StartsWith("! Paused: the judge says <script>", lines[1], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.StartsWith("round 2/4: held-out accuracy 70.0 %", StringComparison.Ordinal));
        Assert.Contains("Paused: the judge says", lines[^1], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.DoesNotContain('\u001b', line));
        Assert.All(lines, line => Assert.DoesNotContain('\u202e', line));
    }

    [Fact]
    public void Lines_ofALowTerminal_leaveOutTheOldestRounds()
    {
        var lines = Lines(13);

        Assert.Equal(13, lines.Count);
        Assert.DoesNotContain(lines, line => line.StartsWith("baseline", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("round 2/4", StringComparison.Ordinal));
    }

    private IReadOnlyList<string> Lines(int most)
    {
        var feed = new CampaignFeed(_campaign.StatePath, TimeProvider.System);
        var now = feed.Now();
        return WatchView.Lines(now, feed.Before(now.Events + 1, 8).Select(item => item.Event), most);
    }
}
