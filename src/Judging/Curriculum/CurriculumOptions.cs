using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Judging.Curriculum;

/// <summary>Which prompts a curriculum takes first.</summary>
public sealed record CurriculumOptions(
    [Setting(
        "Prompts with a share of right samples in this band come first. Where none is right, or all, a prompt is set aside in any case.",
        Default = "0.1",
        Min = 0,
        Max = 1)]
    double Low,
    [Setting(Default = "0.9", Min = 0, Max = 1)] double High,
    [Setting(
        "Rounds after which a prompt that was set aside may come back. 0: only where there are too few others.",
        Default = "5",
        Min = 0,
        Max = 10_000)]
        int RestRounds,
    [Setting(
        "Generated prompts to choose among, in rounds' worth; a file is chosen from as a whole.",
        Default = "4",
        Min = 1,
        Max = 10_000)]
        int PoolRounds) : ICheckedSettings
{
    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet) =>
        High >= Low ? [] : [new("high", $"{High}", $"it must be a number from {Low} to 1")];
}
