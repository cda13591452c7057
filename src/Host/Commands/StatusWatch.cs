using IterativeDpo.Campaigns;
using IterativeDpo.Host.Page;
using IterativeDpo.Host.Terminal;
using Spectre.Console;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo status --watch</c>: what the page shows, in a terminal, from the same feed.</summary>
internal static class StatusWatch
{
    private const int Events = 8, FewestLines = 5;

    private static readonly TimeSpan s_pulse = TimeSpan.FromMilliseconds(500);

    /// <exception cref="Artifacts.UserInputException">No campaign has begun there.</exception>
    public static async Task<int> RunAsync(string statePath, CancellationToken cancellationToken)
    {
        StatusCommand.Read(statePath);
        var feed = new CampaignFeed(statePath, TimeProvider.System);
        if (Console.IsOutputRedirected)
        {
            var told = "";
            await LoopAsync(feed, () => int.MaxValue, lines =>
            {
                var line = string.Join("; ", lines.TakeWhile(line => line.Length > 0));
                if (line != told)
                {
                    Console.WriteLine(told = line);
                }
            }, cancellationToken);
            return ExitCodes.Done;
        }
        await AnsiConsole
            .Live(new Text(""))
            .StartAsync(context =>
                LoopAsync(
                    feed,
                    () => Math.Max(FewestLines, Console.WindowHeight - 1),
                    lines =>
        {
            context.UpdateTarget(new Text(string.Join('\n', lines)) { Overflow = Overflow.Ellipsis });
            context.Refresh();
        }, cancellationToken));
        return ExitCodes.Done;
    }

    private static async Task LoopAsync(
        CampaignFeed feed,
        Func<int> most,
        Action<IReadOnlyList<string>> show,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            var now = feed.Now();
            show(WatchView.Lines(now, feed.Before(now.Events + 1, Events).Select(item => item.Event), most()));
            if (now.State.Status is CampaignStatus.Completed or CampaignStatus.Cancelled || cancellationToken.IsCancellationRequested)
            {
                return;
            }
            await Task.Delay(s_pulse, cancellationToken)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }
}
