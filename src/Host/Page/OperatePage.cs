using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Report;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Host.Page;

/// <summary>An operator's commands, and the question whether one is meant.</summary>
internal static class OperatePage
{
    /// <param name="refusal">Why what was asked is not done; null where nothing was refused.</param>
    public static string Render(CampaignNow now, PageVisitor visitor, CampaignOptions options, string? refusal)
    {
        var head =
            "<header><h1>Operate</h1><p class=\"lead\">Each command is shown again before it is done, and is recorded in the campaign's journal with who gave it and when.</p></header>\n"
            + (
                refusal is null
                    ? ""
                    : $"<section id=\"refused\" aria-label=\"Refused\"><p class=\"refused\" role=\"alert\">Not done: {Html.Text(refusal.TrimEnd('.'))}.</p></section>\n");
        if (visitor.Role < PageRole.Operator)
        {
            return head
                + "<section id=\"who\" aria-label=\"Who you are\"><p>This takes the token of an operator, in the file of --page-token-file or in DPO_PAGE_TOKEN: operator TOKEN NAME.</p></section>\n";
        }
        if (now.Process != Environment.ProcessId || now.State.Plan is not { } plan)
        {
            return head
                + "<section id=\"who\" aria-label=\"Where\"><p>The campaign does not run in this process now; its own page (./dpo run) takes commands.</p></section>\n";
        }
        var budgets = (options.Judging.Judges ?? [])
            .OfType<HttpJudgeOptions>()
            .Where(judge => judge.Service is { BudgetCalls: > 0 } or { BudgetTokens: > 0 })
            .ToArray();
        return head
            + (now.State.Status == CampaignStatus.Paused
                ? Html.Section("resume", "Go on", $"Paused: {now.State.PauseReason}", Form("resume", "", "Go on"))
                : Html.Section(
                    "pause",
                    "Pause",
                    "What is in hand is finished and counts; nothing more is begun.",
                    Form("pause", "<label>Why <input name=\"reason\" maxlength=\"200\"></label>", "Pause")))
            + Html.Section(
                "rounds",
                "Rounds",
                $"{plan.Rounds} in all.",
                Form(
                    "rounds",
                    $"<label>Rounds in all <input type=\"number\" name=\"rounds\" min=\"{plan.Rounds + 1}\" max=\"{CampaignPlan.MostRounds}\" required></label>",
                    "Raise"))
            + string.Concat(
                budgets.Select(judge =>
                    Html.Section(
                        $"budget-{judge.Name}",
                        $"Budget of {judge.Name}",
                        Words(judge.Service, plan.Budgets?.GetValueOrDefault(judge.Name)),
                        Form(
                "budget",
                $"<input type=\"hidden\" name=\"judge\" value=\"{Html.Text(judge.Name)}\">"
                    + (judge.Service.BudgetCalls > 0 ? "<label>Calls in all <input type=\"number\" name=\"calls\" min=\"1\"></label>" : "")
                    + (
                        judge.Service.BudgetTokens > 0
                            ? "<label>Tokens in all <input type=\"number\" name=\"tokens\" min=\"1\"></label>"
                            : ""),
                "Raise"))));
    }

    /// <param name="fields">Of the form that does it.</param>
    public static string Confirm(string inWords, IReadOnlyDictionary<string, string> fields, DateTimeOffset now) => $"""
        <header><h1>Do this?</h1></header>
        <section id="confirm" aria-label="Confirm"><p class="lead">{Html.Text(inWords)}</p>
        <form class="verdict" method="post" action="{OperateRoutes.Path}">{string.Concat(fields.Where(field => field.Value.Length > 0).Select(field => $"<input type=\"hidden\" name=\"{field.Key}\" value=\"{Html.Text(field.Value)}\">"))}{PageForm.MadeAt(now)}<button>Yes</button> <a href="{OperateRoutes.Path}">No</a></form></section>

        """;

    private static string Words(ServiceOptions service, JudgeBudget? raised) => string.Join(", ", new[]
    {
        service.BudgetCalls > 0 ? $"{Math.Max(service.BudgetCalls, raised?.Calls ?? 0):#,0} calls" : "",
        service.BudgetTokens > 0 ? $"{Math.Max(service.BudgetTokens, raised?.Tokens ?? 0):#,0} tokens" : "",
    }.Where(limit => limit.Length > 0)) + " in all.";

    private static string Form(string command, string fields, string button) =>
        $"<form class=\"verdict\" method=\"get\" action=\"{OperateRoutes.ConfirmPath}\"><input type=\"hidden\" name=\"command\" value=\"{command}\">{fields}<button>{button} …</button></form>\n";
}
