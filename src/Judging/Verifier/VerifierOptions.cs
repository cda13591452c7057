using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Verifier;

/// <summary>Settings of a <see cref="VerifierJudge"/>.</summary>
/// <param name="Checks">For prompts that have none of their own; null is none.</param>
[Setting("The prompt's own checks: docs/judges.md has the kinds.")]
public sealed record VerifierOptions(string Name, [Setting(WrittenAs = typeof(WrittenChecks))] IReadOnlyList<AnswerCheck>? Checks = null)
    : JudgeOptions(Name)
{
    public override IJudge Create(JudgeFactory factory) => new VerifierJudge(Checks, Name);
}

/// <summary>Checks as a configuration file has them.</summary>
public sealed record WrittenChecks(
    [Setting(
        "For prompts that have none of their own: the kind and its value, of weight 1, such as [ended, \"length ..200 words\"]. Those set here are also those of the judge "
        + "verifier itself, which needs no name. []: such prompts are not judged.", Default = "[]")]
    IReadOnlyList<string> Checks) : IWrittenSettings, ICheckedSettings
{
    public object? Value => Checks.Count == 0 ? null : Parsed;

    private AnswerCheck[] Parsed =>
        [
            .. Checks
                .Select(text => text.Split(' ', 2, StringSplitOptions.TrimEntries))
                .Select(parts => new AnswerCheck(parts[0], parts.ElementAtOrDefault(1) ?? "")),
        ];

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet) =>
        from check in Parsed
        let fault = VerifierJudge.FaultOf(check)
        where fault is not null
        select new SettingViolation("checks", $"[{check.Kind} {check.Value}]", fault);
}
