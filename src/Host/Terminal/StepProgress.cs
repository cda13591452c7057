using Spectre.Console;

namespace IterativeDpo.Host.Terminal;

/// <summary>Progress of one long job that counts steps: a bar on a terminal, a line every few seconds elsewhere.</summary>
public static class StepProgress
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(5);

    /// <param name="view">A report as steps done, steps in all, and a detail.</param>
    public static Task<TResult> RunAsync<TReport, TResult>(
        string title, Func<TReport, (int Done, int Total, string Detail)> view, Func<IProgress<TReport>, Task<TResult>> work)
    {
        if (!Terminals.ErrorIsTerminal)
        {
            return work(new Lines<TReport>(title, view));
        }
        return Terminals.Error.Progress().AutoClear(true).Columns(Terminals.Columns()).StartAsync(context =>
        {
            var bar = context.AddTask(Markup.Escape(title));
            return work(new Bar<TReport>(bar, title, view));
        });
    }

    private sealed class Lines<TReport>(string title, Func<TReport, (int Done, int Total, string Detail)> view) : IProgress<TReport>
    {
        private long _last;

        public void Report(TReport value)
        {
            var (done, total, detail) = view(value);
            if (done == total || TimeProvider.System.GetElapsedTime(_last) >= _interval)
            {
                _last = TimeProvider.System.GetTimestamp();
                Console.Error.WriteLine($"{title} {done}/{total}, {detail}");
            }
        }
    }

    private sealed class Bar<TReport>(ProgressTask bar, string title, Func<TReport, (int Done, int Total, string Detail)> view) : IProgress<TReport>
    {
        public void Report(TReport value)
        {
            var (done, total, detail) = view(value);
            bar.MaxValue = total;
            bar.Value = done;
            bar.Description = Markup.Escape($"{title} ({detail})");
        }
    }
}
