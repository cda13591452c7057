using Akka.Cluster.Sharding;
using Akka.TestKit.Xunit2;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests;

public sealed class CampaignControlTests : TestKit
{
    /// <summary>Nobody waits out the time that an answer may take, for one that cannot come.</summary>
    [Fact]
    public async Task Give_toACampaignThatEndsBeforeItAnswers_saysSo()
    {
        var (control, region) = (new CampaignControl(), CreateTestProbe());
        var connection = control.Connect(new CampaignLink(region), "c");

        var given = control.GiveAsync(new PauseCampaign("a look", "ops"), CancellationToken.None);
        await region.ExpectMsgAsync<ShardingEnvelope>();
        Assert.False(given.IsCompleted);
        connection.Dispose();

        Assert.Equal(
            "the campaign ended before it answered; its log says whether it was done",
            await given.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(
            "the campaign does not run in this process now",
            await control.GiveAsync(new ContinueCampaign("ops"), CancellationToken.None));
    }

    [Fact]
    public async Task Give_ofWhoGoesAway_isCancelled()
    {
        var (control, region) = (new CampaignControl(), CreateTestProbe());
        using var connection = control.Connect(new CampaignLink(region), "c");
        using var gone = new CancellationTokenSource();

        var given = control.GiveAsync(new ContinueCampaign("ops"), gone.Token);
        await region.ExpectMsgAsync<ShardingEnvelope>();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
    }
}
