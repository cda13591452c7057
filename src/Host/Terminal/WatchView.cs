using System.Globalization;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Page;

namespace IterativeDpo.Host.Terminal;

/// <summary>What the page shows of a campaign on top and in its log, as lines of a terminal.</summary>
internal static class WatchView
{
    private const int Events = 8, BarWidth = 40;

    /// <param name="events">The last ones, the newest last.</param>
    /// <param name="most">Lines at most: rounds and events of long ago are left out.</param>
    public static IReadOnlyList<string> Lines(CampaignNow now, IEnumerable<CampaignEvent> events, int most)
    {
        if (now.State.Plan is not { } plan)
        {
            return ["no campaign yet: it is about to begin"];
        }
        string[] top =
        [
            $"campaign {plan.Campaign}: {now.Status}{Left(now, plan)}",
            .. Stage(now.Stage),
            .. CampaignPage.Troubles(now).Select(trouble => $"! {trouble}"),
        ];
        string[] log =
        [
            .. events
                .TakeLast(Events)
                .Select(@event => string.Create(CultureInfo.InvariantCulture, $"{@event.At:HH:mm:ss} {EventWords.Of(@event)}")),
        ];
        var room = Math.Max(1, most - top.Length - log.Length - 2);
        var rounds = now
            .State.Rounds.Where(round => round.Outcome is not null)
            .TakeLast(room)
            .Select(round => RoundLine.Of(now.State, round.Number));
        return [.. top.Concat(["", .. rounds, "", .. log]).SelectMany(line => PlainText.Of(line).Split('\n')).Take(most)];
    }

    private static string Left(CampaignNow now, CampaignPlan plan) =>
        now is { IsRunning: true, RoundsLeft: { } rest }
            ? $", about {Report.Html.Duration(rest.TotalSeconds)} to the end of round {plan.Rounds}"
            : "";

    private static IEnumerable<string> Stage(StageNow? stage)
    {
        if (stage is not { View: var view })
        {
            return [];
        }
        var filled = (int)Math.Round((double)BarWidth * view.Done / Math.Max(1, view.Total));
        return [$"{new string('█', Math.Clamp(filled, 0, BarWidth)),-BarWidth}│ {view.Title} {PageLayout.Detail(stage)}"];
    }
}
