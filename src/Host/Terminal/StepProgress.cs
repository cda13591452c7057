namespace IterativeDpo.Host.Terminal;

/// <summary>Progress of one long job that counts steps.</summary>
public static class StepProgress
{
    /// <param name="view">A report as steps done, steps in all, and a detail.</param>
    public static Task<TResult> RunAsync<TReport, TResult>(
        string title, Func<TReport, (int Done, int Total, string Detail)> view, Func<IProgress<TReport>, Task<TResult>> work)
    {
        var display = ProgressDisplay.Create(TimeProvider.System);
        return display.DuringAsync(() =>
        {
            display.Show(new(title, 0, 1, ""));
            return work(new Reports<TReport>(title, view, display));
        });
    }

    private sealed class Reports<TReport>(string title, Func<TReport, (int Done, int Total, string Detail)> view, IProgressDisplay display)
        : IProgress<TReport>
    {
        public void Report(TReport value)
        {
            var (done, total, detail) = view(value);
            display.Show(new(title, done, total, detail));
        }
    }
}
