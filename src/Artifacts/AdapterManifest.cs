namespace IterativeDpo.Artifacts;

/// <summary>Where an adapter came from; stored in the adapter's own GGUF metadata under <c>iterativedpo.*</c>.</summary>
/// <param name="BaseSha256">The base model this adapter belongs to.</param>
/// <param name="ParentSha256">The adapter it was trained on from, or null.</param>
/// <param name="Campaign">The campaign, or empty for a run on its own.</param>
/// <param name="Round">The round that trained it.</param>
/// <param name="SettingsJson">The training settings, resolved.</param>
public sealed record AdapterManifest(Digest BaseSha256, Digest? ParentSha256, string Campaign, int Round, string SettingsJson);
