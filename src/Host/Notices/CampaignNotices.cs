using System.Globalization;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Notices;

/// <summary>Tells whom the settings name what happens to a campaign while this process runs it. It never holds the campaign up.</summary>
internal sealed class CampaignNotices : IProgress<CampaignProgress>, IAsyncDisposable
{
    /// <summary>The share of a budget from which on it is told of.</summary>
    private const double MuchOfABudget = 0.8;

    private readonly NoticeOptions _options;
    private readonly Func<IReadOnlyList<(string Section, double Spent)>> _budgets;
    private readonly TimeProvider _time;
    private readonly NoticeDelivery _delivery;
    private readonly HashSet<string> _spent = [];
    private readonly Lock _lock = new();
    private int _rounds = -1;
    private bool _ran;

    /// <param name="options">Null: nobody is told.</param>
    /// <param name="budgets">Judges with a budget, and the share of it that is spent.</param>
    /// <param name="note">Told what could not be delivered.</param>
    /// <exception cref="UserInputException">There is no key in the variable that is named.</exception>
    public CampaignNotices(
        NoticeOptions? options,
        Func<IReadOnlyList<(string Section, double Spent)>> budgets,
        Action<string> note,
        TimeProvider time)
    {
        (_options, _budgets, _time) = (options ?? new(null, "", TimeSpan.Zero, 0, [], "", []), budgets, time);
        _delivery = new(_options, note, time);
    }

    public void Report(CampaignProgress value)
    {
        lock (_lock)
        {
            var state = value.State;
            var ended = state.Rounds.Count(round => round.Outcome is not null);
            // What was there before this start is not news.
            for (var i = _rounds < 0 ? ended : Math.Max(1, _rounds); i < ended; i++)
            {
                Tell(KindOf(state.Rounds[i].Outcome!.Value), state, RoundLine.Of(state, i), i);
            }
            _rounds = ended;
            _ran |= state.Status == CampaignStatus.Running;
            foreach (var (section, spent) in _budgets().Where(budget => budget.Spent >= MuchOfABudget))
            {
                if (_spent.Add(section))
                {
                    Tell(
                        NoticeKind.Budget,
                        state,
                        string.Create(CultureInfo.InvariantCulture, $"{100 * spent:0} % of the budget of {section} is spent"),
                        state.Current?.Number);
                }
            }
        }
    }

    /// <summary>Tells how the run ended, and has everything delivered, for as long as there is patience.</summary>
    public async Task EndAsync(CampaignOutcome outcome, TimeSpan patience)
    {
        lock (_lock)
        {
            var state = outcome.State;
            if (outcome.End == CampaignEnd.Paused)
            {
                Tell(NoticeKind.Paused, state, $"paused: {state.PauseReason}", state.Current?.Number);
            }
            else if (outcome.End == CampaignEnd.Completed && _ran)
            {
                Tell(
                    NoticeKind.Done,
                    state,
                    Watch.ReasonToStop(state) is { } stop
                        ? $"done before the last of {state.Plan!.Rounds} rounds: {stop}"
                        : $"all {state.Plan!.Rounds} rounds are done",
                    null);
            }
        }
        await _delivery.FinishAsync(patience);
    }

    public ValueTask DisposeAsync() => _delivery.DisposeAsync();

    private void Tell(NoticeKind kind, CampaignState state, string text, int? round)
    {
        if (!_options.On.Contains(kind) || state.Plan is not { } plan)
        {
            return;
        }
        var about =
            round is { } number && number < state.Rounds.Count && state.Rounds[number].Outcome is not null ? state.Rounds[number]
            : kind == NoticeKind.Done ? state.LastKept
            : null;
        var at = _time.GetUtcNow();
        _delivery.Add(new Notice(
            $"{plan.Campaign}/{round ?? 0}/{Artifacts.Settings.Words.Kebab(kind)}/{at.ToUnixTimeMilliseconds()}",
            kind,
            plan.Campaign,
            at,
            text,
            round,
            plan.Rounds,
            about?.HeldOut.Accuracy()));
    }

    private static NoticeKind KindOf(RoundOutcome outcome) => outcome switch
    {
        RoundOutcome.Kept => NoticeKind.Kept,
        RoundOutcome.RolledBack => NoticeKind.RolledBack,
        _ => NoticeKind.NoPairs,
    };
}
