using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Workers;

/// <summary>
/// Speaks for a slot to the campaigns, without actors. While the slot is free it says so to all that run, now and then, so that nobody has
/// to remember it, and the first to answer with an order has it; those whose orders it could not take come in turn before others. It says
/// what is in hand to the campaign whose work it is, and what came of it until that is settled.
/// </summary>
/// <param name="running">The campaigns that may have work, until <see cref="OnRunning"/> says otherwise; the one that was asked longest ago
/// first.</param>
/// <param name="tell">Tells a campaign.</param>
/// <param name="tellLater">Has <see cref="TellOthers"/> called a little later, in case the first campaign has no work.</param>
internal sealed class SlotVoice(
    SlotState slot, IReadOnlyList<string> running, Action<string, ICampaignMessage> tell, Action<IReadOnlyList<string>> tellLater)
{
    /// <summary>So many units of one campaign are done one after the other while others wait: what it needs is loaded already.</summary>
    private const int MostInTurn = 8;

    private readonly List<string> _waiting = [];
    private IReadOnlyList<string> _running = running;
    private (string Campaign, int Units) _served = ("", 0);
    private string? _turn;

    public void OnRunning(IReadOnlyList<string> campaigns)
    {
        var isNew = campaigns.Except(_running).Any();
        _running = [.. _running.Intersect(campaigns), .. campaigns.Except(_running)];
        _waiting.RemoveAll(campaign => !campaigns.Contains(campaign));
        if (isNew)
        {
            Tell();
        }
    }

    public void OnOrder(WorkOrder order)
    {
        var answer = slot.IsFree && !MayHave(order.Campaign) ? new WorkCancelled(order.Id, order.Number) : slot.Take(order);
        if (answer is not WorkCancelled)
        {
            _served = (order.Campaign, _served.Campaign == order.Campaign ? _served.Units + 1 : 1);
            _waiting.Remove(order.Campaign);
            _turn = null;
        }
        else if (!_waiting.Contains(order.Campaign))
        {
            _waiting.Add(order.Campaign);
        }
        if (answer is not null)
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
        Ask();
    }

    /// <summary>The campaign has nothing for this slot: then it is another one's turn.</summary>
    public void OnNoWork(string campaign)
    {
        _waiting.Remove(campaign);
        if (_turn != campaign)
        {
            return;
        }
        _turn = null;
        if (_waiting.Count > 0)
        {
            Ask();
        }
        else
        {
            TellReady(Able().Where(other => other != campaign));
        }
    }

    /// <summary>Says to these too that the slot is free, if it still is: the campaign whose turn it was does not answer.</summary>
    public void TellOthers(IReadOnlyList<string> campaigns)
    {
        if (_turn is not null)
        {
            _waiting.Remove(_turn);
            _turn = null;
            TellReady(campaigns);
        }
    }

    private void Ask()
    {
        var able = Able();
        if (able.Length == 0)
        {
            return;
        }
        // Beside the one that has waited longest another one is asked, in turn: who is never asked cannot wait.
        var next = able[0];
        _running = [.. _running.Where(campaign => campaign != next), next];
        _turn = _waiting.FirstOrDefault(able.Contains) ?? next;
        TellReady(able.Where(campaign => campaign == _turn || campaign == next));
        if (able.Where(campaign => campaign != _turn && campaign != next).ToArray() is { Length: > 0 } others)
        {
            tellLater(others);
        }
    }

    /// <summary>The campaigns that this slot works for now; none where it is not free.</summary>
    private string[] Able()
    {
        var troubles = slot.Troubles;
        return slot.IsFree ? [.. _running.Where(campaign => !troubles.ContainsKey(campaign))] : [];
    }

    /// <summary>Whether the slot is free for it: it is another one's turn that has waited for longer.</summary>
    private bool MayHave(string campaign) =>
        _turn is null || _turn == campaign || !_waiting.Contains(_turn) || (_served.Campaign == campaign && _served.Units < MostInTurn);

    private void TellReady(IEnumerable<string> campaigns)
    {
        foreach (var campaign in campaigns.Where(_ => slot.IsFree).ToArray())
        {
            tell(campaign, new WorkerReady(slot.Role));
        }
    }
}
