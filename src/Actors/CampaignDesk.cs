using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>What the desk of a campaign has others do.</summary>
internal interface IDeskSurroundings<in TWorker>
{
    void Tell(TWorker to, ICampaignMessage message);

    void TellWatchers(ICampaignMessage message);

    /// <summary>From now on the desk hears of it when this one stops.</summary>
    void Watch(TWorker worker);

    /// <summary>Ends this incarnation: another has journalled since.</summary>
    void Stop();

    /// <summary>
    /// Keeps events, gives each to the desk to apply, then goes on. The desk hears of nothing else meanwhile, and of nothing any more if
    /// that fails.
    /// </summary>
    void Journal(IReadOnlyList<CampaignEvent> events, Action then);
}

/// <summary>
/// One incarnation of a campaign around <see cref="CampaignDecisions"/>, without actors: it has journalled what happened, then acts on it.
/// Which work is due follows from the state; who has it in hand is remembered only in memory, as leases.
/// </summary>
/// <param name="lease">How long a worker may be silent before its work goes to another.</param>
/// <param name="handIn">How long workers have to say what they have in hand before any is given out; from the first that speaks.</param>
internal sealed class CampaignDesk<TWorker>(
    string campaign, TimeProvider time, TimeSpan lease, TimeSpan handIn, IDeskSurroundings<TWorker> surroundings) where TWorker : notnull
{
    /// <summary>Orders between two events of a campaign are fewer; so those of a later incarnation have greater numbers.</summary>
    private const int OrderBits = 24;

    /// <summary>
    /// So many workers may be lost with a unit in hand before that counts as a failed attempt: nodes come and go, but some work kills.
    /// </summary>
    private const int MostLosses = 3;

    /// <summary>How often <see cref="Look"/> is to be called.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly WorkerPool<TWorker> _workers = new(lease);
    private readonly Dictionary<WorkId, int> _losses = [];
    private readonly Dictionary<long, WorkId> _failedOrders = [];
    private readonly OrderTelemetry _telemetry = new(campaign);
    private long _sequence;
    private DateTimeOffset? _givesOutFrom;
    private DateTimeOffset? _lookedAt;
    private bool _stopping;

    public CampaignState State { get; private set; } = CampaignState.Empty;

    /// <summary>The roles of due work that nobody plays.</summary>
    public IEnumerable<WorkerRole> Wanting => Round.Due(State).Select(order => order.Role).Distinct().Except(_workers.Roles);

    private DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Work that is remembered to have failed, or to have been lost, by some.</summary>
    internal IEnumerable<WorkId> Remembered => _failedOrders.Values.Concat(_losses.Keys).Concat(_workers.Failures);

    /// <summary>Goes on from a snapshot; one of an older version has the units of all rounds.</summary>
    /// <param name="sequence">The number of the last event in it.</param>
    public void Restore(CampaignState state, long sequence) => (State, _sequence) = (CampaignHistory.Fold(state), sequence);

    /// <param name="sequence">The event's number in the journal.</param>
    public void Apply(CampaignEvent @event, long sequence)
    {
        (State, _sequence) = (CampaignHistory.Apply(State, @event), sequence);
        if (@event is RoundCompleted ended)
        {
            Forget(ended.Round);
        }
    }

    public void Hear(TWorker sender, ICampaignMessage message)
    {
        if (OrderIn(message) >> OrderBits > _sequence)
        {
            // An incarnation that has replaced this one gave out that order: what came of it is not for this one to settle.
            surroundings.Stop();
            return;
        }
        switch (message)
        {
            case CampaignCommand command:
                Decide(sender, command);
                break;
            case WorkerReady ready:
                OnWorkerReady(sender, ready);
                break;
            case WorkInHand work:
                OnWorkInHand(sender, work);
                break;
            case WorkCancelled cancelled:
                OnWorkCancelled(sender, cancelled);
                break;
            case WorkProgress:
                _workers.Heard(sender, Now);
                break;
            case StopCampaign:
                OnStop();
                break;
        }
    }

    /// <summary>Takes work from those who have been silent for too long.</summary>
    public void Look()
    {
        var now = Now;
        if (now - _lookedAt > 3 * LookInterval)
        {
            // This process slept: what workers said meanwhile is still to be heard.
            _workers.HeardAll(now);
        }
        _lookedAt = now;
        // All of them before any of it goes out again: it would go to another of them.
        foreach (var worker in _workers.Silent(now))
        {
            if (IsFailureToLose(worker, "was not heard of any more"))
            {
                return;
            }
        }
        Dispatch();
    }

    /// <summary>A worker is gone.</summary>
    public void Lose(TWorker worker, string how)
    {
        if (!IsFailureToLose(worker, how))
        {
            Dispatch();
        }
    }

    /// <summary>
    /// A worker that is gone did not fail: its work is due again, unless it is the work that takes down one after the other. Then it is
    /// decided about, and nothing else before that is journalled.
    /// </summary>
    private bool IsFailureToLose(TWorker worker, string how)
    {
        // A slot that changed its actor has it in hand as before.
        if (_workers.Remove(worker) is not var (id, number) || _workers.InHand.Any(held => held.Number == number))
        {
            return false;
        }
        _telemetry.Expire(id, number);
        var isFailure = !_stopping && IsOfOpenRound(id) && (_losses[id] = _losses.GetValueOrDefault(id) + 1) >= MostLosses;
        if (isFailure)
        {
            _losses.Remove(id);
            Decide(
                worker,
                new FailWork(
                    id,
                    $"{MostLosses} workers were lost with it in hand, the last one, {worker}, {how}",
                    FailureKind.Transient,
                    Order: number));
        }
        TellIfStopped();
        return isFailure;
    }

    /// <summary>This incarnation ends.</summary>
    public void End() => _telemetry.EndAll();

    private void Decide(TWorker sender, CampaignCommand command)
    {
        if (command is FailWork late && (_workers.IsInOtherHands(late.Id, late.Order) || _failedOrders.ContainsKey(late.Order)))
        {
            Follow(sender, command);
            return;
        }
        var decision = CampaignDecisions.Decide(State, command, Now);
        if (decision.Rejection is { } reason)
        {
            surroundings.Tell(sender, new CampaignFailed(reason));
            return;
        }
        if (command is StartCampaign or ContinueCampaign)
        {
            _stopping = false;
        }
        if (decision.Events.Count == 0)
        {
            Follow(sender, command);
            return;
        }
        surroundings.Journal(decision.Events, () =>
        {
            // Every incarnation journals before it gives out anything, so that its orders have greater numbers than all of those before.
            _workers.NumberFrom(_sequence << OrderBits);
            _telemetry.Count(command);
            foreach (var ended in decision.Events.OfType<RoundCompleted>())
            {
                _telemetry.EndRound(State, ended);
            }
            Follow(sender, command);
        });
    }

    /// <summary>Who told what came of work hears that it is settled; who commanded, that it is done.</summary>
    private void Follow(TWorker sender, CampaignCommand command)
    {
        switch (command)
        {
            case CompleteWork { Order: var completed, Result.Id: var id }:
                _losses.Remove(id);
                Settle(sender, completed);
                break;
            case FailWork failure:
                // Of a round that has ended nothing counts any more, however often it is told.
                if (IsOfOpenRound(failure.Id))
                {
                    _workers.Failed(failure.Id, sender);
                    _failedOrders[failure.Order] = failure.Id;
                }
                Settle(sender, failure.Order);
                break;
            case ResumeCampaign or CheckpointWork:
                break;
            default:
                surroundings.Tell(sender, new CampaignAccepted(State.Status));
                break;
        }
        Dispatch();
    }

    private bool IsOfOpenRound(WorkId id) => State.Open.Any(round => round.Number == id.Round);

    /// <summary>What was remembered of work in this round, which has ended.</summary>
    private void Forget(int round)
    {
        foreach (var order in _failedOrders.Where(failed => failed.Value.Round == round).Select(failed => failed.Key).ToArray())
        {
            _failedOrders.Remove(order);
        }
        foreach (var id in _losses.Keys.Where(id => id.Round == round).ToArray())
        {
            _losses.Remove(id);
        }
        _workers.ForgetFailures(round);
    }

    private void Dispatch()
    {
        if (_stopping || Now < _givesOutFrom)
        {
            return;
        }
        foreach (var (worker, order) in _workers.Assign(
                Round.Due(State).Select(order => order with { Campaign = campaign, Bundle = State.Plan!.Bundle })))
        {
            surroundings.Tell(worker, _telemetry.Give(order, State.StartedAt));
        }
    }

    private void Settle(TWorker worker, long order)
    {
        surroundings.Tell(worker, new WorkSettled(campaign, order));
        _telemetry.Settle(order);
        Release(order);
    }

    private void Release(long order)
    {
        _workers.Release(order);
        TellIfStopped();
    }

    private void OnWorkerReady(TWorker worker, WorkerReady ready)
    {
        Meet(worker);
        if (_workers.Ready(worker, ready.Role, Now) is { } lost)
        {
            if (!_stopping && Round.Due(State).Any(order => order.Id == lost.Id))
            {
                surroundings.Tell(worker, _telemetry.GiveAgain(lost));
            }
            else
            {
                _telemetry.Return(lost.Id, lost.Number);
                Release(lost.Number);
            }
        }
        Dispatch();
        if (!_workers.InHand.Any(held => held.Worker.Equals(worker)))
        {
            surroundings.Tell(worker, new NoWork(campaign));
        }
    }

    private void OnWorkInHand(TWorker worker, WorkInHand work)
    {
        Meet(worker);
        _workers.Busy(worker, work.Role, work.Id, work.Order, Now);
        if (_stopping || !CampaignDecisions.IsExpected(State, work.Id) || _workers.IsInLaterHands(work.Id, work.Order))
        {
            // Somebody else did it meanwhile or has it now, or it is not wanted any more.
            surroundings.Tell(worker, new CancelWork(campaign, work.Order));
        }
    }

    private void OnWorkCancelled(TWorker worker, WorkCancelled cancelled)
    {
        if (_workers.InHand.Any(held => held.Worker.Equals(worker) && held.Number == cancelled.Order))
        {
            // It says that it is ready when it is.
            _workers.Remove(worker);
            _telemetry.Return(cancelled.Id, cancelled.Order);
        }
        Release(cancelled.Order);
        Dispatch();
    }

    private void Meet(TWorker worker)
    {
        surroundings.Watch(worker);
        _givesOutFrom ??= Now + handIn;
    }

    private void OnStop()
    {
        _stopping = true;
        foreach (var (worker, _, number) in _workers.InHand)
        {
            surroundings.Tell(worker, new CancelWork(campaign, number));
        }
        TellIfStopped();
    }

    private void TellIfStopped()
    {
        if (_stopping && !_workers.InHand.Any())
        {
            surroundings.TellWatchers(new CampaignStopped());
        }
    }

    private static long OrderIn(ICampaignMessage message) => message switch
    {
        CompleteWork completed => completed.Order,
        FailWork failed => failed.Order,
        WorkInHand work => work.Order,
        WorkCancelled cancelled => cancelled.Order,
        _ => 0,
    };
}
