using Akka;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.TestKit.Xunit2;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests;

public sealed class CampaignLinkTests : TestKit
{
    [Fact]
    public async Task Tell_while_the_system_shuts_down_sends_nothing()
    {
        var region = CreateTestProbe();
        var link = new CampaignLink(region);
        link.CloseOnShutdown(Sys);
        link.Tell("c", new WorkerReady(WorkerRole.Judge), region);
        // After the links are closed, and before the region hands its shards over.
        CoordinatedShutdown.Get(Sys).AddTask(CoordinatedShutdown.PhaseServiceStop, "late", () =>
        {
            link.Tell("c", new StopCampaign(), region);
            return Task.FromResult(Done.Instance);
        });
        var received = new List<object>();
        CoordinatedShutdown.Get(Sys).AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "look", async () =>
        {
            received.Add(await region.ExpectMsgAsync<ShardingEnvelope>());
            await region.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));
            return Done.Instance;
        });

        await CoordinatedShutdown.Get(Sys).Run(CoordinatedShutdown.UnknownReason.Instance);

        Assert.Equal(new WorkerReady(WorkerRole.Judge), Assert.IsType<ShardingEnvelope>(Assert.Single(received)).Message);
    }
}
