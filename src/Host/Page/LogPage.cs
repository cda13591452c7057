using System.Globalization;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Report;

namespace IterativeDpo.Host.Page;

/// <summary>What happened, the newest first.</summary>
internal static class LogPage
{
    public const int Events = 100;

    /// <param name="before">The number of the event before which the list begins.</param>
    public static string Render(PageData data, CampaignNow now, long before)
    {
        var events = data.Feed.Before(before, Events);
        var rows = events.Reverse().Select(item => new[]
        {
            $"{item.Number}",
            $"<time datetime=\"{item.Event.At.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}\">{item.Event.At.UtcDateTime.ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}</time>",
            Words(item.Event),
        });
        var notes = now.Notes.Count == 0 || before <= now.Events ? "" : Html.Section(
            "notes",
            "What the run told",
            "",
            $"<ul class=\"notes\">{string.Concat(now.Notes.Reverse().Select(note => $"<li>{note.At.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} {Html.Text(note.Text)}</li>\n"))}</ul>");
        return "<header><h1>Log</h1></header>\n"
            + Html.Section(
                "events",
                "Journal",
                $"{Html.Count(now.Events)} events; times are UTC.",
                Html.Table("Events", ["Number", "Time", "What happened"], rows, "log"))
            + $"<nav class=\"pager\" aria-label=\"Older and newer\">{Pager(events, now)}</nav>\n"
            + notes;
    }

    private static string Words(CampaignEvent @event)
    {
        var words = Html.Text(EventWords.Of(@event));
        var text = EventWords.IsBad(@event) ? $"<span class=\"rejected\">{words}</span>" : words;
        return EventWords.RoundOf(@event) is { } round ? $"{text} <a href=\"/rounds/{round}\" aria-label=\"Round {round}\">→</a>" : text;
    }

    private static string Pager(IReadOnlyList<(long Number, CampaignEvent Event)> events, CampaignNow now)
    {
        var (first, last) = events.Count == 0 ? (0L, 0L) : (events[0].Number, events[^1].Number);
        return (last > 0 && last < now.Events ? $"<a href=\"/log?before={Math.Min(now.Events, last + Events) + 1}\">← Newer</a> " : "")
            + (first > 1 ? $"<a href=\"/log?before={first}\">Older →</a>" : "");
    }
}
