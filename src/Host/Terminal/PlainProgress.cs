namespace IterativeDpo.Host.Terminal;

/// <summary>A line when a stage begins and when it is done, and every few seconds between.</summary>
public sealed class PlainProgress(TextWriter writer, TimeProvider time) : IProgressDisplay
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(2);
    private readonly Lock _lock = new();
    private StageView? _shown;
    private long _shownAt;

    public Task<T> DuringAsync<T>(Func<Task<T>> work) => work();

    public void Show(StageView view)
    {
        lock (_lock)
        {
            var isDone = view.Done == view.Total && view.Done != _shown?.Done;
            if (view.Title == _shown?.Title && !isDone && time.GetElapsedTime(_shownAt) < _interval)
            {
                return;
            }
            (_shown, _shownAt) = (view, time.GetTimestamp());
            var count = view.Total > 1 ? $" {view.Done}/{view.Total}" : "";
            writer.WriteLine($"{view.Title}{count}{(view.Detail.Length > 0 ? ", " : "")}{view.Detail}");
        }
    }

    public void Note(string line)
    {
        lock (_lock)
        {
            writer.WriteLine(PlainText.Of(line));
        }
    }
}
