using Akka.Actor;
using Akka.TestKit.Xunit2;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Tests;

namespace IterativeDpo.Actors.Tests;

public sealed class CampaignRejectionTests() : TestKit(
    """
    akka.persistence.journal {
      plugin = "akka.persistence.journal.rejecting"
      rejecting {
        class = "IterativeDpo.Actors.Tests.Fakes.RejectingJournal, IterativeDpo.Actors.Tests"
        plugin-dispatcher = "akka.actor.default-dispatcher"
      }
    }
    """)
{
    [Fact]
    public void Event_that_the_journal_rejects_stops_the_campaign_and_is_reported_to_the_watchers()
    {
        var worker = CreateTestProbe();
        var campaign = Sys.ActorOf(CampaignActor.Props("test", CampaignHosting.InOneProcess(TimeProvider.System)));
        campaign.Tell(new WatchCampaign(), TestActor);
        Watch(campaign);
        campaign.Tell(new StartCampaign(CampaignSimulator.Plan));
        worker.Send(campaign, new WorkerReady(WorkerRole.Generator));
        var order = worker.ExpectMsg<SampleOrder>();

        worker.Send(campaign, new CompleteWork(new CampaignSimulator().ResultOf(order), order.Number));

        var failed = (CampaignFailed)FishForMessage(message => message is CampaignFailed);
        Assert.Equal("The campaign cannot be journalled: too large", failed.Reason);
        ExpectTerminated(campaign);
    }
}
