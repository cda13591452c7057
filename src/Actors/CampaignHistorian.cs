using Akka.Actor;
using Akka.Persistence;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>
/// Reads all that happened to a campaign from the journal, wherever that is and whoever writes it: it recovers, and is done.
/// </summary>
internal sealed class CampaignHistorian : ReceivePersistentActor
{
    private readonly TaskCompletionSource<CampaignState> _whole;

    public CampaignHistorian(string campaign, TaskCompletionSource<CampaignState> whole)
    {
        PersistenceId = CampaignActor.PersistenceIdOf(campaign);
        _whole = whole;
        var events = new List<CampaignEvent>();
        Recover<CampaignEvent>(events.Add);
        Recover<RecoveryCompleted>(_ =>
        {
            whole.TrySetResult(CampaignHistory.Whole(events));
            Context.Stop(Self);
        });
    }

    public override string PersistenceId { get; }

    /// <summary>A snapshot has not everything in it.</summary>
    public override Recovery Recovery => new(SnapshotSelectionCriteria.None);

    /// <param name="whole">Is given the campaign's state with the results of all units of all rounds.</param>
    public static Props Props(string campaign, TaskCompletionSource<CampaignState> whole) =>
        Akka.Actor.Props.Create(() => new CampaignHistorian(campaign, whole));

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        _whole.TrySetException(reason);
        base.OnRecoveryFailure(reason, message);
    }

    protected override void PostStop()
    {
        // The node leaves its cluster meanwhile.
        _whole.TrySetCanceled(CancellationToken.None);
        base.PostStop();
    }
}
