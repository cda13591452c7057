using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Report;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Host.Page;

/// <summary>Who judges, and how well, round by round.</summary>
internal static class JudgesPage
{
    public static string Render(PageData data, CampaignNow now)
    {
        var rows = ConfiguredJudges
            .Of(data.Options)
            .Select(judge => new[] { Html.Text(judge.Name), Html.Text(judge.Type), Html.Text(judge.Use), Html.Text(Budget(judge)) });
        var unmeasured = data.Unmeasured(now);
        var rounds = now.HasBaseline ? JudgesSection.Render(data.Report(now)) : "";
        return "<header><h1>Judges</h1></header>\n"
            + Html.Section(
                "configured",
                "Who judges",
                "",
                Html.Table("Judges of this campaign", ["Judge", "Type", "What it does", "Budget"], rows))
            + (
                unmeasured > 0
                    ? $"<p class=\"lead more\">{(unmeasured == 1 ? "A round is" : $"{unmeasured} rounds are")} being measured.</p>\n"
                    : "")
            + rounds;
    }

    private static string Budget(ConfiguredJudge judge) => judge.Options is HttpJudgeOptions { Service: var service }
        ? string.Join(
            ", ",
            new[]
            {
                service.BudgetCalls > 0 ? $"{Html.Count(service.BudgetCalls)} calls" : "",
                service.BudgetTokens > 0 ? $"{Html.Count(service.BudgetTokens)} tokens" : "",
            }.Where(limit => limit.Length > 0))
            is { Length: > 0 } limits
            ? limits
            : "none"
        : "—";
}
