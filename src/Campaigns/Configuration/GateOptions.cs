using System.Runtime.Serialization;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>By what a round earns its place.</summary>
public enum GateTest
{
    /// <summary>Every round is kept.</summary>
    Off,

    /// <summary>A round is kept unless it loses more than so many points of accuracy.</summary>
    Points,

    /// <summary>A round is kept if McNemar's exact test shows that it is better.</summary>
    [EnumMember(Value = "mcnemar")]
    McNemar,

    /// <summary>A round is kept if a sequential test shows that it is better, of the false among all kept rounds at most a share.</summary>
    [EnumMember(Value = "eprocess")]
    EProcess,
}

/// <summary>What becomes of a round that does not pass.</summary>
public enum GateFailure { Rollback, Pause, Keep }

/// <summary>When a round is kept.</summary>
/// <param name="Metric">Name of the set; null: the held-out prompts for <see cref="GateTest.Points"/>, prompts of its own for the
/// others.</param>
public sealed record GateOptions(
    [Setting(
        "points: a round is kept unless it loses more than evaluation.rollback-points.  mcnemar, eprocess: a round is kept if it is shown to be better than the checkpoint, prompt by prompt: by McNemar's exact test, "
        + "or by betting, which holds its level over the whole campaign (docs/rounds.md).  off: every round is kept that loses no more on evaluation.sets than these allow.")]
    GateTest Test = GateTest.Points,
    [Setting(
        "mcnemar: the chance that a round which is no better is kept.  eprocess: the share of such rounds among all that are kept.",
        Above = 0,
        Below = 1)]
        double Level = 0.05,
    [Setting("A test on fewer prompts than this keeps nothing.", Min = 1, Max = 10_000)] int MinimumPrompts = 50,
    [Setting(
        "The accuracy that is looked at: a name of evaluation.sets, held-out, or gate: prompts that nothing else looks at. Empty: held-out for points, and gate for the tests, so that the report's figure stays "
        + "one that nothing was chosen by.", Off = "")]
    string? Metric = null,
    [Setting("Prompts of each task in the gate's own set.", Min = 1, Max = 1_000_000)] int PromptsPerTask = 100,
    [Setting(
        "What becomes of a round that does not pass.  rollback: the checkpoint before stays.  pause: it stays, and the campaign waits for its operator.  keep: the round is kept with a warning.")]
    GateFailure OnFail = GateFailure.Rollback) : ICheckedSettings
{
    /// <summary>Prompts that nothing but the gate looks at.</summary>
    public const string OwnSet = "gate";

    /// <summary>The set that it looks at.</summary>
    [JsonIgnore]
    public string Set => Metric ?? (IsByPrompt ? OwnSet : EvaluationOptions.HeldOut);

    /// <summary>What nothing reads must keep its default, so that no setting is without effect unseen.</summary>
    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet)
    {
        var (none, test) = (new GateOptions(), Test.ToString().ToLowerInvariant());
        if (!IsByPrompt && Level != none.Level)
        {
            yield return new(
                "level",
                $"{Level}",
                $"with test = {test} nothing is tested, and it has no effect; take it out, or set test = mcnemar or eprocess");
        }
        if (!IsByPrompt && MinimumPrompts != none.MinimumPrompts)
        {
            yield return new(
                "minimum-prompts",
                $"{MinimumPrompts}",
                $"with test = {test} nothing is tested, and it has no effect; take it out, or set test = mcnemar or eprocess");
        }
        if ((Test == GateTest.Off || Set != OwnSet) && PromptsPerTask != none.PromptsPerTask)
        {
            yield return new(
                "prompts-per-task",
                $"{PromptsPerTask}",
                $"with test = {test} and metric = {Set} the gate has no prompts of its own, and it has no effect; take it out, or set metric = {OwnSet}");
        }
    }

    /// <summary>Whether it compares answers to the same prompts rather than accuracies.</summary>
    [JsonIgnore]
    public bool IsByPrompt => Test is GateTest.McNemar or GateTest.EProcess;
}
