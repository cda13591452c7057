using System.Text.RegularExpressions;
using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>What a notice is of.</summary>
public enum NoticeKind
{
    /// <summary>A round has ended, and is kept.</summary>
    Kept,

    /// <summary>A round has ended, and is rolled back.</summary>
    RolledBack,

    /// <summary>A round has ended without a pair to train on.</summary>
    NoPairs,

    /// <summary>The campaign waits for somebody.</summary>
    Paused,

    /// <summary>Most of a judge's budget is spent.</summary>
    Budget,

    /// <summary>All rounds are done.</summary>
    Done,

    /// <summary>A node of a cluster is gone without having left: told by nodes with <c>--notices</c>, and by nobody else.</summary>
    NodeLost,
}

/// <summary>Who is told what happens to a campaign or a cluster. Changes no result, and is stored nowhere: it may hold secrets.</summary>
/// <param name="Webhook">Null is none.</param>
public sealed partial record NoticeOptions(
    [Setting(
        "An address that notices are posted to as JSON (docs/page.md), http or https. It may hold a secret, and is stored nowhere; webhook = ${?NOTICES} takes it from the environment. Empty: off.",
        Default = "", Off = "")]
    string? Webhook,
    [Setting(
        "The environment variable that has the key by which notices are signed (HMAC-SHA256), e.g. NOTICES_KEY; the key itself is in no file. Empty: they are not signed.",
        Default = "")]
    string KeyVariable,
    [Setting("Most time for one try to post, and for the program.", Default = "10s")] TimeSpan Timeout,
    [Setting(
        "Further tries to post after 408, 429, 5xx, a time-out or a broken connection, after 1 s, 2 s, 4 s and so on up to a minute. 0: off.",
        Default = "5",
        Min = 0,
        Max = 100)]
        int Retries,
    [Setting(
        "A program with its arguments that is started for each notice, and gets it as JSON on its standard input, e.g. [./tell.sh]. It runs in the directory of the file this is written in. Empty: off.",
        Default = "[]")]
    IReadOnlyList<string> Command,
    [Setting(DirectoryOf = "command")] string Directory,
    [Setting(
        "What there are notices of: a round that is kept, rolled back or without pairs, the campaign paused, 80 % of a judge's budget spent, all rounds done; and, of a cluster by ./dpo node --notices alone, a node that is lost.",
        Default = "[kept, rolled-back, no-pairs, paused, budget, done, node-lost]")]
    IReadOnlyList<NoticeKind> On) : ICheckedSettings
{
    /// <summary>Whatever may be a secret is not repeated.</summary>
    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet)
    {
        if (Webhook is not null && !(Uri.TryCreate(Webhook, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
        {
            yield return new("webhook", "", "it must be an address that begins with http:// or https://, or empty");
        }
        if (!VariableName().IsMatch(KeyVariable))
        {
            yield return new(
                "key-variable",
                "",
                "it must be the name of an environment variable in capitals, such as NOTICES_KEY, or empty; the key itself belongs into that variable and into no file");
        }
        if (Command is ["", ..])
        {
            yield return new("command", "", "it must be a program and its arguments: [./tell.sh], or empty");
        }
    }

    [GeneratedRegex("^([A-Z_][A-Z0-9_]*)?$")]
    private static partial Regex VariableName();
}
