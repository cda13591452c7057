namespace IterativeDpo.Actors.Configuration;

/// <summary>Where a campaign's prompts come from.</summary>
/// <param name="File">A file of prompts in JSON lines, as a full path; null: they are generated from <paramref name="Tasks"/>.</param>
/// <param name="Tasks">The generated tasks that take turns; without effect where there is a file.</param>
/// <param name="PerRound">Fresh prompts to a round.</param>
public sealed record PromptOptions(string? File, IReadOnlyList<string> Tasks, int PerRound);
