using Spectre.Console;

namespace IterativeDpo.Host.Terminal;

/// <summary>A bar for the stage that runs, with its rate and the time left; lines that stay are above it.</summary>
public sealed class BarProgress : IProgressDisplay
{
    private readonly Lock _lock = new();
    private ProgressContext? _context;
    private ProgressTask? _bar;
    private string? _title;

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

    public void Show(StageView view)
    {
        lock (_lock)
        {
            if (_context is null)
            {
                return;
            }
            if (view.Title != _title || _bar is null)
            {
                _bar?.StopTask();
                _title = view.Title;
                _bar = _context.AddTask(Markup.Escape(view.Title));
            }
            _bar.Description = Markup.Escape(view.Detail.Length > 0 ? $"{view.Title} ({view.Detail})" : view.Title);
            _bar.MaxValue = Math.Max(1, view.Total);
            _bar.Value = view.Done;
        }
    }

    public void Note(string line)
    {
        lock (_lock)
        {
            Terminals.Error.MarkupLine(Markup.Escape(PlainText.Of(line)));
        }
    }
}
