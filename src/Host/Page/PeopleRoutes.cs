using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace IterativeDpo.Host.Page;

/// <summary>Where people judge: they see a comparison, say which answer is better, and see the next.</summary>
internal static class PeopleRoutes
{
    public const string Path = "/people",
        NamePath = "/people/name",
        VerdictPath = "/people/verdict",
        UndoPath = "/people/undo",
        NameCookie = "dpo-person";

    public static void Map(WebApplication app, PageData data, PageGuard guard)
    {
        var time = TimeProvider.System;
        app.MapMethods(Path, [HttpMethods.Get, HttpMethods.Head], context => ShowAsync(context, null)).ExcludeFromDescription();
        app.MapPost(NamePath, (HttpContext context) => CommandAsync(context, form => Name(context, form, guard))).ExcludeFromDescription();
        app.MapPost(VerdictPath, (HttpContext context) => CommandAsync(context, form => Judge(context, form))).ExcludeFromDescription();
        app.MapPost(
                UndoPath,
                (HttpContext context) =>
                    CommandAsync(
                        context,
                        _ => PersonOf(context) is { } person ? data.Feed.People.Undo(person, out var _) : PeoplePage.NoName))
            .ExcludeFromDescription();

        async Task CommandAsync(HttpContext context, Func<IFormCollection, string?> command)
        {
            if (command(await context.Request.ReadFormAsync(context.RequestAborted)) is { } refusal)
            {
                await ShowAsync(context, refusal);
                return;
            }
            context.Response.StatusCode = StatusCodes.Status303SeeOther;
            context.Response.Headers.Location = Path;
        }

        Task ShowAsync(HttpContext context, string? refusal)
        {
            context.Response.StatusCode = refusal is null ? StatusCodes.Status200OK : StatusCodes.Status409Conflict;
            context.Response.ContentType = "text/html; charset=utf-8";
            var (now, visitor) = (data.Feed.Now(), PageGuard.VisitorOf(context));
            var task = visitor is { Role: >= PageRole.Judge, Person: { } person } ? data.Feed.People.Next(person) : null;
            var main = PeoplePage.Render(data, visitor, task, refusal, time.GetUtcNow());
            // What is being judged stays as it is; while there is nothing to judge, the page waits for it.
            return context.Response.WriteAsync(
                PageLayout.Render(now, Path, "People", main, isLive: task is null && refusal is null),
                context.RequestAborted);
        }

        string? Judge(HttpContext context, IFormCollection form)
        {
            if (PersonOf(context) is not { } person)
            {
                return PeoplePage.NoName;
            }
            if (PeoplePage.AnswerOf($"{form["answer"]}") is not { } answer
                || !int.TryParse(form["shown_first"], NumberStyles.None, CultureInfo.InvariantCulture, out var shownFirst))
            {
                return "this is no verdict";
            }
            var now = time.GetUtcNow();
            if (!PageForm.IsFresh(form, now, out var seconds))
            {
                return PageForm.Stale;
            }
            // Whoever changed their name meanwhile has another order.
            if (data.Feed.People.Find($"{form["task"]}")?.Task is { } task && task.FirstShownTo(person) != shownFirst)
            {
                return "what you judged was shown to somebody else";
            }
            return data.Feed.People.Judge(new($"{form["task"]}", person, answer, shownFirst, seconds, now));
        }
    }

    private static string? PersonOf(HttpContext context) => PageGuard.VisitorOf(context).Person;

    private static string? Name(HttpContext context, IFormCollection form, PageGuard guard)
    {
        var name = $"{form["name"]}".Trim();
        if (!PageVisitor.IsName(name))
        {
            return PageVisitor.NameRule;
        }
        if (PageGuard.VisitorOf(context).HasOwnName)
        {
            return "your token has a name, and no other can be taken";
        }
        if (guard.IsTaken(name))
        {
            return $"{name} is the name of somebody's token; take another one";
        }
        context.Response.Cookies.Append(
            NameCookie,
            name,
            new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                Path = "/",
                MaxAge = TimeSpan.FromDays(365),
                IsEssential = true,
            });
        return null;
    }
}
