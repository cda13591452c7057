using IterativeDpo.Actors;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Terminal;

/// <summary>Shows a campaign's progress: the stage that runs, and a line for each round that ends.</summary>
/// <param name="ended">Told of each round that ended, on the thread that reports.</param>
public sealed class CampaignView(IProgressDisplay display, Action<RoundState> ended) : IProgress<CampaignProgress>
{
    private readonly Lock _lock = new();
    private int _roundsShown = -1;

    public void Report(CampaignProgress value)
    {
        lock (_lock)
        {
            var finished = value.State.Rounds.Count(round => round.Outcome is not null);
            // What was finished before this start is not news.
            for (var i = _roundsShown < 0 ? finished : _roundsShown; i < finished; i++)
            {
                display.Note(RoundLine.Of(value.State, i));
                ended(value.State.Rounds[i]);
            }
            _roundsShown = finished;
            if (StageView.Of(value) is { } view)
            {
                display.Show(view);
            }
        }
    }
}
