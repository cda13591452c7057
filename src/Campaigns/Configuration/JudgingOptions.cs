using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Cascades;
using IterativeDpo.Judging.Ensembles;
using IterativeDpo.Judging.Implicit;
using IterativeDpo.Judging.People;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>Who judges, and how long and how often a judge is tried on one prompt.</summary>
/// <param name="Judges">Null is none.</param>
/// <param name="Limits">Null: the defaults.</param>
/// <param name="ChatTemplate">Of models of judges' own; null is nothing.</param>
public sealed record JudgingOptions(
    [Setting("Who judges: one of the judges below by its name, or verifier: the prompt's own checks.", Default = "verifier")] string Judge,
    [Setting(
        "Most time for the samples of one prompt, waiting for a model that judges other prompts meanwhile included; loading a model is not. A local model that compares 8 samples, "
        + "each two in both orders, answers 56 questions.", Default = "10m")]
    TimeSpan Timeout,
    [Setting(
        "Further tries after a failure; then the unit is tried on another worker (work.retries), and at last the prompt is dropped and counted. 0: off.",
        Default = "2",
        Min = 0,
        Max = 100)]
    int Retries,
    [Setting("Prompts that are judged at once.", Min = 1, Max = 1024)] int Concurrency = 1,
    [Setting(
        "Judges by names of your own, each with its type and the settings in which it differs from that type's below:\n\n  judges { checks { type = verifier } }",
        DefaultsIn = "types")]
    IReadOnlyList<JudgeOptions>? Judges = null,
    [Setting(
        "What is warned about during a run, in ./dpo judges and in the report: shares from 0 to 1, where the 95 % interval is beyond them."
    )]
        JudgeLimits? Limits = null,
    [Setting("As campaign.chat-template, for models of judges' own.")] ChatTemplateOptions? ChatTemplate = null,
    [Setting(
        "Whether judges see what a model thought before its answer; else they see the answer alone, an empty one where it did not come to one.")]
        bool SeeThoughts = false) : ICheckedSettings
{
    /// <summary>The judge that is there without being named.</summary>
    public const string Verifier = "verifier";

    /// <summary>Checks of prompts that have none of their own; null is none.</summary>
    [JsonIgnore]
    public IReadOnlyList<AnswerCheck>? DefaultChecks =>
        (Judges?.FirstOrDefault(judge => judge.Name == Verifier) as VerifierOptions)?.Checks;

    /// <exception cref="KeyNotFoundException">There is no such judge.</exception>
    public JudgeOptions Find(string name) =>
        Judges?.FirstOrDefault(judge => judge.Name == name)
        ?? (name == Verifier ? new VerifierOptions(Verifier) : throw new KeyNotFoundException($"No judge is named {name}."));

    /// <summary>The judge and all that it asks, directly or by way of others.</summary>
    /// <exception cref="KeyNotFoundException">There is no such judge.</exception>
    public IEnumerable<JudgeOptions> FindAll(string name) => Find(name).Asks.SelectMany(FindAll).Prepend(Find(name)).Distinct();

    /// <summary>A judge's attempts as these options have them.</summary>
    public JudgeAttempts AttemptsOf(IJudge judge, TimeProvider time) => new(judge, Timeout, Retries, time, SeeThoughts);

    /// <summary>Every name that a judge may be called by.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Names => [.. (Judges ?? []).Select(judge => judge.Name).Prepend(Verifier).Distinct()];

    /// <summary>Judges name judges there are: two or more, none twice, and none by way of others itself.</summary>
    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet)
    {
        foreach (var judge in (Judges ?? []).Where(judge => judge is EnsembleOptions or CascadeOptions or HumanOptions { Judge: not null }))
        {
            var key = $"judges.{judge.Name}.{judge switch { EnsembleOptions => "members", CascadeOptions => "steps", _ => "judge" }}";
            foreach (var violation in SettingViolation.UnlessSome(key, judge.Asks, Names))
            {
                yield return violation;
            }
            if (judge.Asks.Count < 2 && judge is not HumanOptions)
            {
                yield return new(key, $"[{string.Join(", ", judge.Asks)}]", "it must name at least two judges");
            }
            if (Circle([judge.Name]) is { } circle)
            {
                yield return new(key, $"[{string.Join(", ", judge.Asks)}]", $"a judge cannot ask itself: {string.Join(" asks ", circle)}");
            }
        }
        foreach (var violation in SettingViolation.UnlessOneOf("judge", Judge, Names))
        {
            yield return violation;
        }
        if (Judges?.FirstOrDefault(judge => judge.Name == Judge) is ImplicitRewardOptions { Policy: null, Reference: null })
        {
            yield return new($"judges.{Judge}.type", "implicit-reward",
                "with policy = current and reference = base both are the base until a round has trained, so every score is 0 and no round ever has a pair; name an adapter in one of them");
        }
    }

    /// <summary>The first way from a path's end that comes to a judge for the second time.</summary>
    private string[]? Circle(string[] path) => path.SkipLast(1).Contains(path[^1])
        ? path
        : (Judges?.FirstOrDefault(judge => judge.Name == path[^1])?.Asks ?? [])
            .Select(next => Circle([.. path, next]))
            .FirstOrDefault(circle => circle is not null);
}
