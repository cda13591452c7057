using IterativeDpo.Actors;
using Spectre.Console;

namespace IterativeDpo.Host.Terminal;

/// <summary>A bar for the stage that runs, with its rate and the time left; finished rounds stay above it as lines.</summary>
public sealed class BarProgress : IProgressDisplay
{
    private readonly Lock _lock = new();
    private ProgressContext? _context;
    private ProgressTask? _bar;
    private string? _title;
    private int _roundsShown = -1;

    public Task<T> DuringAsync<T>(Func<Task<T>> work) =>
        Terminals.Error.Progress()
            .AutoClear(true)
            .HideCompleted(true)
            .Columns(Terminals.Columns())
            .StartAsync(context =>
            {
                _context = context;
                return work();
            });

    public void Report(CampaignProgress value)
    {
        lock (_lock)
        {
            ShowFinishedRounds(value);
            if (_context is not null && StageView.Of(value) is { } view)
            {
                Show(_context, view);
            }
        }
    }

    public void Note(string line)
    {
        lock (_lock)
        {
            Terminals.Error.MarkupLine(Markup.Escape(PlainText.Of(line)));
        }
    }

    private void Show(ProgressContext context, StageView view)
    {
        if (view.Title != _title || _bar is null)
        {
            _bar?.StopTask();
            _title = view.Title;
            _bar = context.AddTask(Markup.Escape(view.Title), maxValue: Math.Max(1, view.Total));
        }
        _bar.Description = Markup.Escape(view.Detail.Length > 0 ? $"{view.Title} ({view.Detail})" : view.Title);
        _bar.Value = view.Done;
    }

    private void ShowFinishedRounds(CampaignProgress value)
    {
        var finished = value.State.Rounds.Count(round => round.Outcome is not null);
        for (var i = _roundsShown < 0 ? finished : _roundsShown; i < finished; i++)
        {
            Terminals.Error.MarkupLine(Markup.Escape(RoundLine.Of(value.State, i)));
        }
        _roundsShown = finished;
    }
}
