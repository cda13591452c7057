using System.Globalization;
using IterativeDpo.Actors;
using IterativeDpo.Campaigns;
using IterativeDpo.Judging.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace IterativeDpo.Host.Page;

/// <summary>
/// Where an operator commands the campaign that runs in this process. What a command will do is shown first, and a second form does it.
/// </summary>
internal static class OperateRoutes
{
    public const string Path = "/operate", ConfirmPath = "/operate/confirm";

    private const int MostReasonCharacters = 200;

    public static void Map(WebApplication app, PageData data)
    {
        app.MapMethods(
                Path,
                [HttpMethods.Get, HttpMethods.Head],
                context =>
                    ShowAsync(
                        context,
                        StatusCodes.Status200OK,
                        now => OperatePage.Render(now, PageGuard.VisitorOf(context), data.Options, null)))
            .ExcludeFromDescription();
        app.MapGet(ConfirmPath, (HttpContext context) =>
        {
            var (wanted, values) = Read(context, data.Feed.Now(), data, name => context.Request.Query[name].ToString());
            return ShowAsync(
                context,
                wanted.Refusal is null ? StatusCodes.Status200OK : StatusCodes.Status409Conflict,
                now =>
                    wanted.Refusal is { } refusal
                ? OperatePage.Render(now, PageGuard.VisitorOf(context), data.Options, refusal)
                : OperatePage.Confirm(wanted.InWords!, values, TimeProvider.System.GetUtcNow()));
        }).ExcludeFromDescription();
        app.MapPost(Path, async (HttpContext context) =>
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            var ((command, _, refusal), _) = Read(context, data.Feed.Now(), data, name => form[name].ToString());
            refusal ??= PageForm.IsFresh(form, TimeProvider.System.GetUtcNow(), out _) ? null : PageForm.Stale;
            refusal ??= await (data.Control ?? new CampaignControl()).GiveAsync(command!, context.RequestAborted);
            if (refusal is not null)
            {
                await ShowAsync(
                    context,
                    StatusCodes.Status409Conflict,
                    now => OperatePage.Render(now, PageGuard.VisitorOf(context), data.Options, refusal));
                return;
            }
            context.Response.StatusCode = StatusCodes.Status303SeeOther;
            context.Response.Headers.Location = Path;
        }).ExcludeFromDescription();

        Task ShowAsync(HttpContext context, int status, Func<CampaignNow, string> main)
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/html; charset=utf-8";
            var now = data.Feed.Now();
            return context.Response.WriteAsync(PageLayout.Render(now, Path, "Operate", main(now), isLive: false), context.RequestAborted);
        }
    }

    /// <summary>A command by its fields, with what it does in words, or why it cannot be given; and the fields that it goes by.</summary>
    private static ((CampaignCommand? Command, string? InWords, string? Refusal), IReadOnlyDictionary<string, string> Fields) Read(
        HttpContext context,
        CampaignNow now,
        PageData data,
        Func<string, string> field)
    {
        var visitor = PageGuard.VisitorOf(context);
        var by = visitor.Person ?? "an operator";
        var fields = new[] { "command", "reason", "rounds", "judge", "calls", "tokens" }.ToDictionary(name => name, field);
        return (visitor.Role < PageRole.Operator ? Refuse("this takes the token of an operator") : fields["command"] switch
        {
            "pause" when now.State.Status != CampaignStatus.Running => Refuse($"it is {now.Status}"),
            "pause" when fields["reason"].Length > MostReasonCharacters || fields["reason"].Any(char.IsControl) => Refuse(
                $"a reason has {MostReasonCharacters} signs at most, on one line"),
            "pause" => (
                new PauseCampaign(fields["reason"].Trim() is { Length: > 0 } reason ? reason : "by hand", by),
                "Pause the campaign. What is in hand is finished and counts; nothing more is begun until somebody has it go on.",
                null),
            "resume" when now.State.Status != CampaignStatus.Paused => Refuse($"it is {now.Status}"),
            "resume" => (new ContinueCampaign(by), "Have the campaign go on.", null),
            "rounds"
                when Number(fields["rounds"]) is not { } rounds
                    || rounds <= now.State.Plan?.Rounds
                    || rounds > CampaignPlan.MostRounds => Refuse(
                $"it has {now.State.Plan?.Rounds} rounds; say a number above that, and {CampaignPlan.MostRounds} at most"),
            "rounds" => (
                new RaiseLimits((int)Number(fields["rounds"])!.Value, null, null, by),
                $"Raise the number of rounds from {now.State.Plan?.Rounds} to {fields["rounds"]}.",
                null),
            "budget" => Budget(),
            _ => Refuse("there is no such command"),
        }, fields);

        (CampaignCommand?, string?, string?) Budget()
        {
            if ((data.Options.Judging.Judges ?? []).OfType<HttpJudgeOptions>().FirstOrDefault(judge => judge.Name == fields["judge"])
                is not { Service: var service } judge)
            {
                return Refuse("no judge of this name asks a service");
            }
            var raised = now.State.Plan?.Budgets?.GetValueOrDefault(judge.Name) ?? new(0, 0);
            var (calls, tokens) = (Number(fields["calls"]) ?? 0, Number(fields["tokens"]) ?? 0);
            return
                calls > int.MaxValue
                || (calls <= Math.Max(service.BudgetCalls, raised.Calls) && tokens <= Math.Max(service.BudgetTokens, raised.Tokens))
                || (calls > 0 && service.BudgetCalls == 0) || (tokens > 0 && service.BudgetTokens == 0)
                ? Refuse($"say a number above its budget of calls or of tokens, where it has one")
                : (
                    new RaiseLimits(null, judge.Name, new((int)calls, tokens), by),
                    $"Raise the budget of {judge.Name}{(calls > 0 ? $" to {calls} calls" : "")}{(tokens > 0 ? $" to {tokens} tokens" : "")} in all.",
                    null);
        }
    }

    private static (CampaignCommand?, string?, string?) Refuse(string reason) => (null, null, reason);

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
