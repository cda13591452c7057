namespace IterativeDpo.Artifacts.Settings;

/// <summary>A setting given on the command line, over those of the file.</summary>
/// <param name="Key">The full key, e.g. <c>campaign.rounds</c>.</param>
/// <param name="Value">The value as written.</param>
/// <param name="Option">The option that messages name, e.g. <c>--rounds</c>.</param>
public sealed record ConfigurationOverride(string Key, string Value, string Option);
