using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Tests;

namespace IterativeDpo.Actors.Tests;

/// <summary>The test actor stands for the campaign.</summary>
public sealed class CampaignObserverTests() : TestKit("""akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """)
{
    [Fact]
    public void Stop_before_the_campaign_answered_is_not_taken_back_by_starting_it_again()
    {
        var campaign = new CampaignLink(TestActor);
        var outcome = new TaskCompletionSource<CampaignOutcome>();
        var observer = Sys.ActorOf(Props.Create(() => new CampaignObserver(campaign, CampaignSimulator.Plan, null, outcome)));
        // It has started, and its timer with it.
        observer.Tell(new Identify(null), TestActor);
        ExpectMsg<ActorIdentity>();
        Advance();
        Assert.Equal([typeof(WatchCampaign), typeof(StartCampaign)], Received(2));

        observer.Tell(CampaignObserver.StopRequest);
        Assert.Equal([typeof(StopCampaign)], Received(1));
        Advance();
        Advance();

        Assert.Equal([typeof(WatchCampaign), typeof(WatchCampaign)], Received(2));
    }

    private void Advance() => ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(1));

    private IEnumerable<Type> Received(int count) =>
        ReceiveN(count, TimeSpan.FromSeconds(10)).Select(message => ((ShardingEnvelope)message).Message.GetType());
}
