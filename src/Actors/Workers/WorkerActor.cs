using Akka.Actor;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Workers;

/// <summary>
/// Speaks for a slot to the campaigns. While the slot is free it says so to all that run, now and then, so that nobody has to remember it, and
/// the first to answer with an order has it. It says what is in hand to the campaign whose work it is, and what came of it until that is settled.
/// </summary>
internal sealed class WorkerActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan OthersDelay = TimeSpan.FromMilliseconds(100);

    private readonly WorkSlot _slot;
    private readonly CampaignLink _campaigns;

    /// <summary>The one that was served longest ago first.</summary>
    private IReadOnlyList<string> _running;

    /// <param name="running">The campaigns that may have work, until <see cref="RunningCampaigns"/> says otherwise.</param>
    public WorkerActor(WorkSlot slot, CampaignLink campaigns, IReadOnlyList<string> running)
    {
        _slot = slot;
        _campaigns = campaigns;
        _running = running;

        Receive<Tick>(_ => Tell());
        Receive<RunningCampaigns>(message =>
        {
            var isNew = message.Names.Except(_running).Any();
            _running = [.. _running.Intersect(message.Names), .. message.Names.Except(_running)];
            if (isNew)
            {
                Tell();
            }
        });
        Receive<OthersTurn>(OnOthersTurn);
        Receive<WorkOrder>(OnOrder);
        Receive<CancelWork>(cancel => _slot.Cancel(cancel.Order));
        Receive<WorkSettled>(settled =>
        {
            _slot.Settle(settled.Order);
            Tell();
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        base.PreStart();
        var self = Self;
        _slot.Listener = new SlotListener((campaign, progress) => _campaigns.Tell(campaign, progress, self), () => self.Tell(new Tick()));
        Timers.StartPeriodicTimer(nameof(Tick), new Tick(), TimeSpan.Zero, TellInterval);
    }

    private void OnOrder(WorkOrder order)
    {
        _running = [.. _running.Where(campaign => campaign != order.Campaign), order.Campaign];
        if (_slot.Take(order) is { } answer)
        {
            _campaigns.Tell(order.Campaign, answer, Self);
        }
    }

    private void Tell()
    {
        if (_slot.Telling is var (campaign, message))
        {
            _campaigns.Tell(campaign, message, Self);
            if (message is WorkCancelled cancelled)
            {
                // It counts as never begun: should this get lost, the lease ends.
                _slot.Settle(cancelled.Order);
            }
        }
        TellReady();
    }

    /// <summary>One campaign after the other has its turn; the rest hear of it a little later, in case that one has no work.</summary>
    private void TellReady()
    {
        if (!_slot.IsFree || _running.Where(campaign => !_slot.Troubles.ContainsKey(campaign)).ToArray() is not [var first, .. var rest])
        {
            return;
        }
        _campaigns.Tell(first, new WorkerReady(_slot.Role), Self);
        if (rest.Length > 0)
        {
            Timers.StartSingleTimer(nameof(OthersTurn), new OthersTurn(rest), OthersDelay);
        }
    }

    private void OnOthersTurn(OthersTurn turn)
    {
        foreach (var campaign in turn.Campaigns.Where(_ => _slot.IsFree))
        {
            _campaigns.Tell(campaign, new WorkerReady(_slot.Role), Self);
        }
    }

    private sealed record OthersTurn(IReadOnlyList<string> Campaigns);

    private sealed record Tick;
}

/// <summary>To the workers of this node: the campaigns that may have work.</summary>
internal sealed record RunningCampaigns(IReadOnlyList<string> Names);
