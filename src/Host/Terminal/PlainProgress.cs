using IterativeDpo.Actors;

namespace IterativeDpo.Host.Terminal;

/// <summary>A line when a stage begins or a round ends, and every few seconds between.</summary>
public sealed class PlainProgress(TextWriter writer, TimeProvider time) : IProgressDisplay
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(2);
    private readonly Lock _lock = new();
    private string? _title;
    private long _lastLine;
    private int _roundsShown = -1;

    public Task<T> DuringAsync<T>(Func<Task<T>> work) => work();

    public void Report(CampaignProgress value)
    {
        lock (_lock)
        {
            ShowFinishedRounds(value);
            if (StageView.Of(value) is not { } view)
            {
                return;
            }
            if (view.Title != _title || time.GetElapsedTime(_lastLine) >= _interval)
            {
                _title = view.Title;
                _lastLine = time.GetTimestamp();
                var count = view.Total > 1 ? $" {view.Done}/{view.Total}" : "";
                writer.WriteLine($"{view.Title}{count}{(view.Detail.Length > 0 ? ", " : "")}{view.Detail}");
            }
        }
    }

    public void Note(string line)
    {
        lock (_lock)
        {
            writer.WriteLine(PlainText.Of(line));
        }
    }

    private void ShowFinishedRounds(CampaignProgress value)
    {
        var finished = value.State.Rounds.Count(round => round.Outcome is not null);
        // What was finished before this start is not news.
        for (var i = _roundsShown < 0 ? finished : _roundsShown; i < finished; i++)
        {
            writer.WriteLine(RoundLine.Of(value.State, i));
        }
        _roundsShown = finished;
    }
}
