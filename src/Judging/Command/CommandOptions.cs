using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Judging.Command;

/// <summary>Settings of a <see cref="CommandJudge"/>.</summary>
[Setting(
    "A program of your own, in any language: JSON lines on its standard input and output (docs/judges.md). Its standard error is kept in work/judge-NAME.stderr.log.")]
public sealed record CommandOptions(
    string Name,
    [Setting(
        "The program and its arguments, e.g. [python3, judge.py]; they may hold secrets. It runs in the directory of the file this is written in. Must be set.",
        Default = "[]")]
    IReadOnlyList<string> Command,
    [Setting(DirectoryOf = "command")] string Directory,
    [Setting("How long the program must stay up, before a campaign begins, to count as started.", Default = "1s")] TimeSpan StartTime,
    [Setting(
        "Most times in a row that a program which ended or hung without an answer is started again; then the campaign pauses. 0: off.",
        Default = "10",
        Min = 0,
        Max = 1000)]
    int Restarts,
    [Setting(
        "off: it compares samples, and its scores, if it gives any, do not grade the single answers of the evaluation.",
        Default = "on")]
        bool ScoresSingleSamples) : JudgeOptions(Name), ICheckedSettings
{
    private const string DigestPrefix = "sha256:";

    public override IEnumerable<string> Models => [Command[0]];

    public override IJudge Create(JudgeFactory factory) =>
        new CommandJudge(Setting, this, factory.WorkFile($"judge-{Name}.stderr.log"), factory.Time);

    public override JudgeOptions WithoutIncidentals() => this with { Directory = "", StartTime = TimeSpan.Zero, Restarts = 0 };

    public override JudgeOptions WithoutSecrets() => Command.Count == 1 || IsWithoutSecrets
        ? this
        : this with { Command = [Command[0], $"{DigestPrefix}{Digest.Of(JsonSerializer.SerializeToUtf8Bytes(Command.Skip(1)))}"] };

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet) =>
        Command is [{ Length: > 0 }, ..] ? [] : [new("command", "", "it must be a program and its arguments: [python3, judge.py]")];

    /// <summary>Whether it was read from where it was stored.</summary>
    private bool IsWithoutSecrets => Command is [_, var only] && only.StartsWith(DigestPrefix, StringComparison.Ordinal);
}
