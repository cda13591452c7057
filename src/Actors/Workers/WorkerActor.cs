using Akka.Actor;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Workers;

/// <summary>The timers and messages of a <see cref="SlotVoice"/>.</summary>
internal sealed class WorkerActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan OthersDelay = TimeSpan.FromMilliseconds(100);

    private readonly WorkSlot _slot;
    private readonly CampaignLink _campaigns;

    /// <param name="running">The campaigns that may have work, until <see cref="RunningCampaigns"/> says otherwise.</param>
    public WorkerActor(WorkSlot slot, CampaignLink campaigns, IReadOnlyList<string> running)
    {
        _slot = slot;
        _campaigns = campaigns;
        var voice = new SlotVoice(
            slot.State,
            running,
            (campaign, message) => campaigns.Tell(campaign, message, Self),
            others => Timers!.StartSingleTimer(nameof(OthersTurn), new OthersTurn(others), OthersDelay));

        Receive<Tick>(_ => voice.Tell());
        Receive<RunningCampaigns>(message => voice.OnRunning(message.Names));
        Receive<OthersTurn>(turn => voice.TellOthers(turn.Campaigns));
        Receive<WorkOrder>(voice.OnOrder);
        Receive<CancelWork>(cancel => slot.State.Cancel(cancel.Campaign, cancel.Order));
        Receive<WorkSettled>(voice.OnSettled);
        Receive<NoWork>(none => voice.OnNoWork(none.Campaign));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        base.PreStart();
        var self = Self;
        _slot.Listener = new SlotListener((campaign, progress) => _campaigns.Tell(campaign, progress, self), () => self.Tell(new Tick()));
        Timers.StartPeriodicTimer(nameof(Tick), new Tick(), TimeSpan.Zero, TellInterval);
    }

    private sealed record OthersTurn(IReadOnlyList<string> Campaigns);

    private sealed record Tick;
}

/// <summary>To the workers of this node: the campaigns that may have work.</summary>
internal sealed record RunningCampaigns(IReadOnlyList<string> Names);
