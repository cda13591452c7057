using IterativeDpo.Campaigns;
using IterativeDpo.Host.Judges;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Report;

/// <summary>Everything a report shows.</summary>
/// <param name="Rounds">Round 0, the base, and then as many as the summary has, in order.</param>
/// <param name="Pairs">Pairs to show with their provenance; a selection where there are very many.</param>
/// <param name="Judges">How the judges of each round did.</param>
/// <param name="SettingsJson">The resolved configuration.</param>
/// <param name="ModelName">The base model's file name.</param>
/// <param name="Origin">Whose first rounds it took over; null where it made all.</param>
/// <param name="Warnings">What was beyond its limit, by round; null is nothing.</param>
/// <param name="FromBundledSeed">Whether the base is the project's own seed policy, whose gain needs an explanation.</param>
public sealed record ReportData(
    CampaignSummary Summary,
    IReadOnlyList<RoundDetail> Rounds,
    IReadOnlyList<PairRecord> Pairs,
    IReadOnlyList<JudgeRound> Judges,
    string SettingsJson,
    string ModelName,
    bool FromBundledSeed,
    CampaignOrigin? Origin = null,
    IReadOnlyList<string>? Warnings = null);

/// <summary>What the summary of a round leaves out.</summary>
/// <param name="Outcome">What became of the round in a word or two, e.g. <c>kept</c> or <c>rolled back</c>.</param>
/// <param name="Gate">What it was kept or refused by, in words; empty where nothing was asked of it, or it only lost no points.</param>
/// <param name="MeanTokens">Mean length of the greedy held-out answers.</param>
/// <param name="MeanEntropy">Mean entropy of the policy per held-out token, in nats.</param>
/// <param name="Steps">Every optimiser step with its metrics; none for the base.</param>
/// <param name="Kl">The policy's divergence from the base, in nats an answer; null where it was not measured.</param>
public sealed record RoundDetail(
    int Round,
    string Outcome,
    string Gate,
    double MeanTokens,
    double MeanEntropy,
    IReadOnlyList<TrainingStep> Steps,
    double? Kl = null);
