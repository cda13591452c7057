using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>How work is cut into the units that are journalled, and how often a failing unit is tried.</summary>
public sealed record WorkOptions(
    [Setting(
        "Prompts that are sampled, stored and journalled together: what a crash can cost. Held-out prompts, with one answer each, go by this times samples-per-prompt. "
        + "On a cluster a round is sampled in at most 384 of them.",
        Default = "128", Min = 1, Max = 100_000)]
    int PromptsPerUnit,
    [Setting("Further tries of a failed unit; then the campaign pauses with its error. 0: off.", Default = "3", Min = 0, Max = 100)]
        int Retries,
    [Setting(
        "How many rounds may be sampled ahead while others are trained and evaluated. 0: none; each round samples with the adapter of the round before, and "
        + "generators rest meanwhile.  1: round 3 samples with the adapter of round 1 while round 2 is trained. Training always goes on from the newest. More of it samples "
        + "from older policies. Not with prompts.order = curriculum, which goes by the round before.", Default = "0", Min = 0, Max = 8)]
    int Staleness = 0);
