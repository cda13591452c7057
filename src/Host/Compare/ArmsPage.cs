using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Host.Page;
using IterativeDpo.Host.Report;

namespace IterativeDpo.Host.Compare;

/// <summary>
/// The page of a directory of campaigns, as <c>dpo run</c> leaves one for a file with arms: side by side, as they are now. Safe to use from
/// any thread.
/// </summary>
internal sealed class ArmsPage(string directory, TimeProvider time)
{
    /// <summary>All that the campaigns have is read for it: it is not made anew more often than this.</summary>
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private (DateTimeOffset At, string Html)? _made;

    /// <summary>The campaigns' state directories; none where it is a campaign's itself.</summary>
    public static IReadOnlyList<string> DirectoriesIn(string directory) => !Directory.Exists(directory) || IsCampaign(directory)
        ? []
        : [.. Directory.EnumerateDirectories(directory).Where(IsCampaign).Order(StringComparer.Ordinal)];

    public string Render()
    {
        lock (_lock)
        {
            if (_made is not { } made || time.GetUtcNow() - made.At >= s_fresh)
            {
                _made = made = (time.GetUtcNow(), Make());
            }
            return made.Html;
        }
    }

    private static bool IsCampaign(string directory) => File.Exists(CampaignReader.DatabasePath(directory));

    private string Make()
    {
        var (runs, waiting) = (new List<ArmRun>(), new List<string>());
        foreach (var state in DirectoriesIn(directory))
        {
            try
            {
                runs.Add(ArmRun.Read(state));
            }
            catch (UserInputException e)
            {
                waiting.Add(e.Message);
            }
        }
        var notes =
            waiting.Count == 0
                ? ""
                : $"<ul class=\"notes warnings\">{string.Concat(waiting.Select(reason => $"<li>{Html.Text(reason)}</li>\n"))}</ul>\n";
        if (runs.Count == 0)
        {
            return PageLayout.Alone("Arms", $"<header><h1>Nothing to compare yet</h1></header>\n{notes}");
        }
        try
        {
            // As they were begun: the first arm of a campaign file is what the others are compared with.
            var comparison = ArmComparison.Of([.. runs.OrderBy(run => run.State.StartedAt)], least: 1);
            return PageLayout.Alone(ComparisonPage.TitleOf(comparison), notes + ComparisonPage.Sections(comparison));
        }
        catch (UserInputException e)
        {
            return PageLayout.Alone(
                "Arms",
                $"<header><h1>These cannot be compared</h1><p class=\"lead\">{Html.Text(e.Message)}</p></header>\n{notes}");
        }
    }
}
