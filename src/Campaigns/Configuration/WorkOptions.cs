namespace IterativeDpo.Campaigns.Configuration;

/// <summary>How work is cut into the units that are journalled, and how often a failing unit is tried.</summary>
/// <param name="PromptsPerUnit">Prompts sampled, stored and journalled together: what a crash can cost.</param>
/// <param name="Retries">Further tries of a failed unit; then the campaign pauses with its error.</param>
public sealed record WorkOptions(int PromptsPerUnit, int Retries);
