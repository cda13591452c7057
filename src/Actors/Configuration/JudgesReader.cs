using System.Text.RegularExpressions;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Command;
using IterativeDpo.Judging.Http;
using IterativeDpo.Judging.Implicit;
using IterativeDpo.Judging.Llm;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Reward;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Actors.Configuration;

/// <summary>
/// Reads the section <c>judging</c>. Its <c>judges</c> have names of the user's own; what a type of judge can be told, and its defaults,
/// is in <c>judging.types</c>.
/// </summary>
internal static class JudgesReader
{
    private static readonly Dictionary<string, Func<SettingsReader, string, JudgeOptions>> Types = new()
    {
        ["verifier"] = ReadVerifier,
        ["llm"] = (judge, name) => new LlmJudgeOptions(
            name,
            LlmModeReader.Read(judge),
            judge.RequiredText("model") == "policy" ? null : judge.RequiredPath("model"),
            judge.Int("context-tokens", 16, 10_000_000),
            judge.Int("sequences", 1, 255),
            judge.Int("batch-tokens", 1, 1_000_000)),
        ["implicit-reward"] = ReadImplicitReward,
        ["reward-model"] = (judge, name) => new RewardModelOptions(
            name,
            judge.RequiredPath("model"),
            judge.OptionalPath("head"),
            judge.Int("context-tokens", 16, 10_000_000),
            judge.Int("batch-tokens", 1, 1_000_000),
            judge.Double("tie-margin", 0)),
        ["ensemble"] = JudgesOfJudges.ReadEnsemble,
        ["cascade"] = JudgesOfJudges.ReadCascade,
        ["http"] = (judge, name) => new HttpJudgeOptions(name, LlmModeReader.Read(judge), ServiceReader.Read(judge)),
        ["command"] = (judge, name) => new CommandOptions(
            name,
            judge.Texts("command") is { Count: > 0 } command && command[0].Length > 0
                ? command
                : throw judge.Invalid("command", "", "it must be a program and its arguments: [python3, judge.py]"),
            judge.DirectoryOf("command"),
            judge.Duration("start-time"),
            judge.Int("restarts", 0, 1000),
            judge.Switch("scores-single-samples")),
    };

    /// <summary>The types that ask a language model, by the settings in <c>judging.asking</c>.</summary>
    private static readonly string[] Asking = ["llm", "http"];

    /// <exception cref="UserInputException">A judge of no known type, a key that its type has not, or the name of no judge.</exception>
    public static JudgingOptions Read(SettingsReader judging)
    {
        JudgeOptions[] judges = [.. judging.Sections("judges").Select(section => ReadJudge(judging, section))];
        if (judges.All(judge => judge.Name != JudgingOptions.Verifier)
            && ReadVerifier(judging.Section("types").Section("verifier"), JudgingOptions.Verifier) is { Checks: not null } verifier)
        {
            judges = [verifier, .. judges];
        }
        JudgesOfJudges.Check(judging, judges);
        var name = judging.Choice("judge", [.. NamesOf(judges)]);
        if (judges.FirstOrDefault(judge => judge.Name == name) is ImplicitRewardOptions { Policy: null, Reference: null })
        {
            throw judging.Invalid(
                $"judges.{name}.type",
                "implicit-reward",
                "with policy = current and reference = base both are the base until a round has trained, so every score is 0 and no round ever has a pair; name an adapter in one of them");
        }
        return new JudgingOptions(
            name,
            judging.Duration("timeout"),
            judging.Int("retries", 0, 100),
            judging.Int("concurrency", 1, 1024),
            judges.Length == 0 ? null : judges,
            ReadLimits(judging.Section("limits")));
    }

    private static JudgeLimits ReadLimits(SettingsReader limits) => new(
        limits.Double("longer-wins", 0, 1),
        limits.Double("flip-rate", 0, 1),
        limits.Double("abstentions", 0, 1),
        limits.Double("minimum-agreement", 0, 1));

    /// <summary>Every name that a judge may be called by.</summary>
    public static IEnumerable<string> NamesOf(IReadOnlyList<JudgeOptions>? judges) =>
        (judges ?? []).Select(judge => judge.Name).Prepend(JudgingOptions.Verifier).Distinct();

    private static VerifierOptions ReadVerifier(SettingsReader section, string name)
    {
        AnswerCheck[] checks =
        [
            .. section.Texts("checks")
                .Select(text => text.Split(' ', 2, StringSplitOptions.TrimEntries))
                .Select(parts => new AnswerCheck(parts[0], parts.ElementAtOrDefault(1) ?? "")),
        ];
        foreach (var check in checks)
        {
            if (VerifierJudge.FaultOf(check) is { } fault)
            {
                throw section.Invalid("checks", $"[{check.Kind} {check.Value}]", fault);
            }
        }
        return new VerifierOptions(name, checks.Length == 0 ? null : checks);
    }

    private static JudgeOptions ReadJudge(SettingsReader judging, string name)
    {
        var section = judging.Section("judges").Section(name);
        if (!Regex.IsMatch(name, "^[A-Za-z0-9][A-Za-z0-9_-]*$"))
        {
            throw judging.Invalid($"judges.{name}", "", "a judge's name is letters, digits, '-' and '_'");
        }
        var type = section.Choice("type", Types.Keys);
        var defaults = judging.Section("types").Section(type);
        if (Asking.Contains(type))
        {
            defaults = defaults.WithDefaults(judging.Section("asking"));
        }
        section.RefuseUnknown(["type", .. defaults.Keys()]);
        return Types[type](section.WithDefaults(defaults), name);
    }

    private static ImplicitRewardOptions ReadImplicitReward(SettingsReader section, string name) => new(
        name,
        section.PathOr("policy", "current"),
        section.PathOr("reference", "base"),
        section.PositiveFloat("beta"),
        section.Switch("length-normalised"),
        section.Double("length-penalty", 0),
        section.Double("tie-margin", 0));
}
