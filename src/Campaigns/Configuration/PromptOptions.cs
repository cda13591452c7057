using IterativeDpo.Judging.Curriculum;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>Where a campaign's prompts come from.</summary>
/// <param name="File">A file of prompts, as a full path; null: they are generated from <paramref name="Tasks"/>.</param>
/// <param name="Tasks">The generated tasks that take turns; without effect where there is a file.</param>
/// <param name="PerRound">Prompts to a round.</param>
/// <param name="Curriculum">For that order; null for the others.</param>
public sealed record PromptOptions(
    string? File,
    IReadOnlyList<string> Tasks,
    int PerRound,
    PromptOrder Order = PromptOrder.New,
    CurriculumOptions? Curriculum = null);
