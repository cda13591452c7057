using System.Globalization;
using IterativeDpo.Host.Report;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Host.Page;

/// <summary>What all pages have around them: navigation, and how the campaign is just now.</summary>
internal static class PageLayout
{
    private static readonly (string Path, string Name)[] s_pages =
    [
        ("/", "Campaign"),
        ("/rounds", "Round"),
        ("/pairs", "Pairs"),
        ("/judges", "Judges"),
        (PeopleRoutes.Path, "People"),
        ("/log", "Log"),
        (OperateRoutes.Path, "Operate"),
    ];

    /// <param name="path">Of the navigation's pages the one that this is part of.</param>
    /// <param name="main">HTML.</param>
    /// <param name="isLive">Whether the page is shown anew when the campaign has gone on; one that is searched in stays as it is.</param>
    public static string Render(CampaignNow now, string path, string title, string main, bool isLive) => Frame(
        $"{title}{(now.State.Plan is { } plan ? $" · {plan.Campaign}" : "")}",
        Navigation(now, path), Strip(now), main, isLive);

    /// <summary>Links to the pages that there are now.</summary>
    /// <param name="current">The path of the page that they stand on.</param>
    public static string Navigation(CampaignNow now, string current) =>
        string.Concat(s_pages.Where(page => IsThere(page.Path, now)).Select(page => Item(page.Path, page.Name, current)));

    /// <param name="navigation">Items, HTML.</param>
    /// <param name="strip">How it is now, HTML.</param>
    /// <param name="main">HTML.</param>
    public static string Frame(string title, string navigation, string strip, string main, bool isLive) => Document(title, "<script src=\"/page.js\" defer></script>\n", $"""
        <a class="skip" href="#main">To the content</a>
        <div class="top">
        <nav aria-label="Pages"><ul id="pages">{navigation}</ul></nav>
        <div id="strip" class="strip" role="group" aria-label="Now">{strip}</div>
        <p id="lost" class="lost" role="status" hidden>The connection is lost; it is tried again. What is shown may be old.</p>
        </div>
        <main id="main" tabindex="-1"{(isLive ? " data-live" : "")}>
        {main}</main>
        """);

    /// <summary>A page that is alone: without navigation, and shown anew when it is loaded again.</summary>
    public static string Alone(string title, string main) => Document(title, "", $"""
        <main id="main">
        {main}</main>
        """);

    /// <param name="more">Of the head.</param>
    private static string Document(string title, string more, string body) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{Html.Text(title)}</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/page.css">
        {more}</head>
        <body>
        {body}
        </body>
        </html>

        """;

    /// <summary>How the campaign is now, on one line and a bar.</summary>
    public static string Strip(CampaignNow now)
    {
        if (now.State.Plan is not { } plan)
        {
            return "<p><strong>No campaign yet</strong> <span class=\"soft\">It is about to begin.</span></p>";
        }
        var stage = now.Stage is not { } running ? "" : $"""
             <span>{Html.Text(running.View.Title)}</span> <span class="soft">{Html.Text(Detail(running))}</span>
            """;
        var left = now is { IsRunning: true, RoundsLeft: { } rest }
            ? $" <span class=\"soft left\">about {Html.Duration(rest.TotalSeconds)} to the end of round {plan.Rounds}</span>"
            : "";
        var bar = now.Stage is { View: var view }
            ? $"<progress max=\"{Math.Max(1, view.Total)}\" value=\"{view.Done}\" aria-label=\"{Html.Text(view.Title)}\"></progress>"
            : "";
        var people = now.People.Waiting is { } waiting
            ? $" <a class=\"badge awaited\" href=\"{PeopleRoutes.Path}\">{Html.Text(waiting)}</a>"
            : "";
        return $"<p><strong>{Html.Text(plan.Campaign)}</strong> <span class=\"badge {now.Status}\">{now.Status}</span>{people}{stage}{left}</p>{bar}";
    }

    /// <summary>A page that says what is wrong.</summary>
    public static string Problem(CampaignNow now, string title, string message) =>
        Render(now, "", title, ProblemOf(title, message), isLive: false);

    /// <summary>What stands on it.</summary>
    public static string ProblemOf(string title, string message) =>
        $"<header><h1>{Html.Text(title)}</h1><p class=\"lead\">{Html.Text(message)}</p><p><a href=\"/\">To the first page</a></p></header>\n";

    /// <summary>How far a stage is, its rate and the time left.</summary>
    public static string Detail(StageNow stage)
    {
        var rate = stage.PerSecond is { } perSecond ? string.Create(CultureInfo.InvariantCulture, $"{perSecond:0.0}/s") : "";
        var left = stage.Left is { TotalSeconds: > 0 } rest ? $"{Html.Duration(rest.TotalSeconds)} left" : "";
        var done = stage.View.Total > 1 ? $"{Html.Count(stage.View.Done)}/{Html.Count(stage.View.Total)}" : "";
        return string.Join(" · ", new[] { done, rate, stage.View.Detail, left }.Where(part => part.Length > 0));
    }

    private static bool IsThere(string path, CampaignNow now) => path switch
    {
        PeopleRoutes.Path => now.People != new PeopleCounts(0, 0, 0),
        OperateRoutes.Path => now.Process == Environment.ProcessId,
        _ => true,
    };

    /// <param name="name">HTML.</param>
    public static string Item(string path, string name, string current) =>
        $"<li><a href=\"{path}\"{(path == current ? " aria-current=\"page\"" : "")}>{name}</a></li>";
}
