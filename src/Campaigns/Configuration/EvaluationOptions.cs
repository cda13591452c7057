using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Generation.Tasks;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>How a policy is measured: greedy answers to held-out prompts, and answers to further sets.</summary>
/// <param name="RollbackPoints">Null is off.</param>
/// <param name="Judge">Null: the judge of the samples.</param>
/// <param name="Sets">Null is none, and is not written.</param>
public sealed record EvaluationOptions(
    [Setting(
        "Held-out prompts of each task, or of each task named in a prompt file, answered greedily before the first round and after every round.",
        Default = "100",
        Min = 1,
        Max = 1_000_000)]
    int PromptsPerTask,
    [Setting("Most tokens in an answer, the end token included.", Default = "256", Min = 1, Max = 1_000_000)] int MaxTokens,
    [Setting(
        "A round that loses more points of accuracy than this does not pass the gate of test points. 100: off.",
        Default = "5",
        Min = 0,
        Max = 100,
        Off = "100")]
        double? RollbackPoints,
    [Setting(
        "Who grades the answers, one of the judges by its name; a judge that only compares samples cannot. Empty: the judge of the samples.",
        Off = "")]
        string? Judge = null,
    [Setting("An answer is right from this score on.")] double RightScore = 1,
    [Setting(
        "Further sets by names of your own, each measured beside the held-out prompts (docs/rounds.md):\n\n  sets { long-words { tasks = [reverse], samples = 8, temperature = 1, every = 2 } }")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    IReadOnlyList<EvaluationSetOptions>? Sets = null) : ICheckedSettings
{
    /// <summary>The set that is always there.</summary>
    public const string HeldOut = "held-out";

    internal const double UsualRollbackPoints = 5;

    /// <summary>Rounding in the weights of checks takes no right answer away.</summary>
    private const double ScoreRounding = 1e-9;

    public bool IsRight(double score) => score >= RightScore - ScoreRounding;

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet) => (Sets ?? [])
        .Where(set => set.Name is HeldOut or GateOptions.OwnSet || !CampaignOptions.IsName(set.Name))
        .Select(set => new SettingViolation(
            $"sets.{set.Name}",
            "",
            $"{HeldOut} and {GateOptions.OwnSet} are there already, and a name has letters, digits, '-', '_' and '.'; choose another"));
}

/// <summary>
/// Prompts that checkpoints are measured on beside the held-out ones. None of them is ever trained on, nor in another set.
/// </summary>
/// <param name="Name">As the campaign calls it.</param>
/// <param name="File">As a full path; null: from where the held-out prompts are.</param>
/// <param name="Tasks">Empty: those of the campaign.</param>
/// <param name="MaxTokens">Null: as for held-out prompts.</param>
/// <param name="Judge">Null: as for held-out prompts.</param>
/// <param name="MostPointsLost">Null is off.</param>
public sealed record EvaluationSetOptions(
    string Name,
    [Setting(
        "A file of prompts as for campaign.prompts.file; all of them are asked, and none may be trained on. Empty: the tasks, or else more of the held-out prompts.",
        Default = "",
        Off = "",
        IsPath = true)]
    string? File,
    [Setting("Generated tasks. Empty: those of the campaign.", Default = "[]")] IReadOnlyList<string> Tasks,
    [Setting("Most prompts of each task.", Default = "100", Min = 1, Max = 1_000_000)] int PromptsPerTask,
    [Setting(
        "Answers to a prompt. More than one also gives pass@k: whether one of them at least is right.",
        Default = "1",
        Min = 1,
        Max = 100)]
        int Samples,
    [Setting("0: greedy.", Default = "0", Min = 0, Max = 100)] float Temperature,
    [Setting("Most tokens in an answer. 0: as evaluation.max-tokens.", Default = "0", Off = "0", Min = 1, Max = 1_000_000)] int? MaxTokens,
    [Setting("Who grades. Empty: as evaluation.judge.", Default = "", Off = "")] string? Judge,
    [Setting("Measured in every so many rounds, before the first and in the last. 0: then only.", Default = "1", Min = 0, Max = 10_000)]
        int Every,
    [Setting(
        "A round that loses more points than this here, against the checkpoint when it was last measured, does not pass the gate, whatever its test says. 100: off.",
        Default = "100",
        Min = 0,
        Max = 100,
        Off = "100")]
    double? MostPointsLost) : ICheckedSettings
{
    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet)
    {
        if (Tasks.Count > 0)
        {
            foreach (var violation in SettingViolation.UnlessSome("tasks", Tasks, [.. TaskTable.Names]))
            {
                yield return violation;
            }
            if (File is not null)
            {
                yield return new("tasks", $"[{string.Join(", ", Tasks)}]", "the prompts are a file's already; take one of the two out");
            }
        }
        if (Samples > 1 && Temperature == 0)
        {
            yield return new("temperature", "0", "several greedy answers to a prompt are all the same; set samples = 1 or a temperature");
        }
    }
}
