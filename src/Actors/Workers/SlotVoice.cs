using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Workers;

/// <summary>
/// Speaks for a slot to the campaigns, without actors. While the slot is free it says so to all that run, now and then, so that nobody has to
/// remember it, and the first to answer with an order has it. It says what is in hand to the campaign whose work it is, and what came of it
/// until that is settled.
/// </summary>
/// <param name="running">The campaigns that may have work, until <see cref="OnRunning"/> says otherwise; the one that was served longest ago first.</param>
/// <param name="tell">Tells a campaign.</param>
/// <param name="tellLater">Has <see cref="TellReady"/> called a little later, in case the first campaign has no work.</param>
internal sealed class SlotVoice(
    SlotState slot, IReadOnlyList<string> running, Action<string, ICampaignMessage> tell, Action<IReadOnlyList<string>> tellLater)
{
    private IReadOnlyList<string> _running = running;

    public void OnRunning(IReadOnlyList<string> campaigns)
    {
        var isNew = campaigns.Except(_running).Any();
        _running = [.. _running.Intersect(campaigns), .. campaigns.Except(_running)];
        if (isNew)
        {
            Tell();
        }
    }

    public void OnOrder(WorkOrder order)
    {
        _running = [.. _running.Where(campaign => campaign != order.Campaign), order.Campaign];
        if (slot.Take(order) is { } answer)
        {
            tell(order.Campaign, answer);
        }
    }

    public void OnSettled(WorkSettled settled)
    {
        slot.Settle(settled.Campaign, settled.Order);
        Tell();
    }

    /// <summary>Says what there is to say.</summary>
    public void Tell()
    {
        if (slot.Telling is var (campaign, message))
        {
            tell(campaign, message);
            if (message is WorkCancelled cancelled)
            {
                // It counts as never begun: should this get lost, the lease ends.
                slot.Settle(campaign, cancelled.Order);
            }
        }
        var troubles = slot.Troubles;
        if (slot.IsFree && _running.Where(name => !troubles.ContainsKey(name)).ToArray() is [var first, .. var rest])
        {
            // One campaign after the other has its turn.
            TellReady([first]);
            if (rest.Length > 0)
            {
                tellLater(rest);
            }
        }
    }

    /// <summary>Says that the slot is free, if it still is.</summary>
    public void TellReady(IReadOnlyList<string> campaigns)
    {
        foreach (var campaign in campaigns.Where(_ => slot.IsFree))
        {
            tell(campaign, new WorkerReady(slot.Role));
        }
    }
}
