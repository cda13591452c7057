using Akka.Actor;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>Starts a campaign, passes on what it reports, and completes a task when it ends or has stopped.</summary>
internal sealed class CampaignObserver : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan RepeatInterval = TimeSpan.FromSeconds(1);

    private readonly CampaignLink _campaigns;
    private readonly CampaignPlan _plan;
    private readonly IProgress<CampaignProgress>? _progress;
    private readonly TaskCompletionSource<CampaignOutcome> _outcome;
    private CampaignState _state = CampaignState.Empty;
    private CampaignEnd _end = CampaignEnd.Interrupted;
    private bool _started;
    private bool _stopped;

    public CampaignObserver(
        CampaignLink campaigns, CampaignPlan plan, IProgress<CampaignProgress>? progress, TaskCompletionSource<CampaignOutcome> outcome)
    {
        _campaigns = campaigns;
        _plan = plan;
        _progress = progress;
        _outcome = outcome;

        Receive<Hello>(_ => Watch());
        Receive<CampaignState>(OnState);
        Receive<WorkProgress>(work => _progress?.Report(new CampaignProgress(_state, work)));
        Receive<CampaignFailed>(failed =>
            Complete(_state with { Status = CampaignStatus.Paused, PauseReason = failed.Reason }, CampaignEnd.Paused));
        Receive<CampaignStopped>(_ => Complete(_state, _end));
        Receive<Stop>(_ => StopCampaign());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Asks the observer to stop the campaign.</summary>
    public static object StopRequest { get; } = new Stop();

    // The campaign may not be reachable yet, or be restarted: saying hello again does no harm.
    protected override void PreStart() =>
        Timers.StartPeriodicTimer(nameof(Hello), new Hello(), TimeSpan.Zero, RepeatInterval);

    private void Watch()
    {
        _campaigns.Tell(_plan.Campaign, new WatchCampaign(), Self);
        // To start a campaign takes back that it was to stop.
        if (!_started && !_stopped)
        {
            _campaigns.Tell(_plan.Campaign, new StartCampaign(_plan), Self);
        }
    }

    private void OnState(CampaignState state)
    {
        var changed = state.LastEventAt != _state.LastEventAt;
        _started |= state.Status == CampaignStatus.Running;
        _state = state;
        if (changed)
        {
            _progress?.Report(new CampaignProgress(state, null));
        }
        // An operator may have raised its rounds meanwhile; before it has started, what is complete is that of fewer.
        if (state.Status == CampaignStatus.Completed && state.Plan is { } plan && plan.StopKl == _plan.StopKl
            && (plan.Rounds == _plan.Rounds || (_started && plan.Rounds > _plan.Rounds)))
        {
            Complete(state, CampaignEnd.Completed);
        }
        // Whoever paused it by hand has it go on, or stops it.
        else if (_started && state is { Status: CampaignStatus.Paused, PausedBy: null })
        {
            // Other work may be in hand: it is brought in first.
            _end = CampaignEnd.Paused;
            StopCampaign();
        }
    }

    private void StopCampaign()
    {
        _stopped = true;
        _campaigns.Tell(_plan.Campaign, new StopCampaign(), Self);
    }

    private void Complete(CampaignState state, CampaignEnd end) => _outcome.TrySetResult(new CampaignOutcome(end, state));

    private sealed record Hello;

    private sealed record Stop;
}
