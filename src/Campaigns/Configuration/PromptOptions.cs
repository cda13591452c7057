using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Generation.Tasks;
using IterativeDpo.Judging.Curriculum;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>Where a campaign's prompts come from.</summary>
/// <param name="File">As a full path; null: they are generated.</param>
/// <param name="Curriculum">Null for other orders.</param>
public sealed record PromptOptions(
    [Setting(
        "A file of prompts, relative to the file this is written in: JSON lines or Parquet, rows of TRL's formats among them, or a text to a line in a file named .txt "
        + "(docs/prompts.md). Empty: generated from the tasks.", Default = "", Off = "", IsPath = true)]
    string? File,
    [Setting("The generated tasks, which take turns. Without effect where a file is named.",
        Default = "[add, sub, reverse, sort-letters, sort-numbers, count, compare, nth-word, json-object, initials, capitals, json-list]")]
    IReadOnlyList<string> Tasks,
    [Setting("Prompts to a round.", Default = "1024", Min = 1, Max = 10_000_000)] int PerRound,
    [Setting(
        "new: others in every round; those of a file come again when all have been there.  repeated: the same in every round.  curriculum: those that the policy can learn "
        + "from, by its scores in the rounds before (docs/prompts.md).")]
    PromptOrder Order = PromptOrder.New,
    [Setting] CurriculumOptions? Curriculum = null) : ICheckedSettings
{
    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet) =>
        SettingViolation.UnlessSome("tasks", Tasks, [.. TaskTable.Names]);
}
