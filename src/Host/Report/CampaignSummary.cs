using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Report;

/// <summary>
/// What <c>--json</c> prints at the end of a campaign. Accuracies are shares from 0 to 1; names are part of the contract.
/// </summary>
/// <param name="Campaign">The campaign's name.</param>
/// <param name="State">The state directory.</param>
/// <param name="Engines">The engines with their versions.</param>
public sealed record CampaignSummary(
    string Campaign,
    string State,
    BaselineSummary Baseline,
    IReadOnlyList<RoundSummary> Rounds,
    FinalSummary Final,
    IReadOnlyDictionary<string, string> Engines)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
    };

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <summary>The base model before the first round.</summary>
/// <param name="Sets">Null where there are none.</param>
public sealed record BaselineSummary(
    double HeldoutAccuracy,
    int HeldoutPrompts,
    IReadOnlyDictionary<string, double> ByTask,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, SetSummary>? Sets = null);

/// <param name="Ties">Two samples of one prompt that differ and scored alike, and make no pair.</param>
/// <param name="Dropped">Prompts that gave no pair.</param>
/// <param name="AdapterSha256">The adapter the round trained; null where there was nothing to train on.</param>
/// <param name="Train">Null where there was nothing to train on.</param>
/// <param name="Gate">What the round was kept or refused by; null where nothing was asked of it.</param>
/// <param name="TiePairs">Of the pairs, those that are ties.</param>
/// <param name="Consistency">How far this round's policy and the one before rank its samples alike; null where that was not asked.</param>
public sealed record RoundSummary(
    int Round,
    int Prompts,
    int Samples,
    long GeneratedTokens,
    int Pairs,
    long Ties,
    int Dropped,
    string? AdapterSha256,
    TrainSummary? Train,
    EvaluationSummary Eval,
    SecondsSummary Seconds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GateSummary? Gate = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int TiePairs = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Consistency = null);

/// <summary>See <see cref="GateEvidence"/>.</summary>
/// <param name="Test"><c>points</c>, <c>mcnemar</c> or <c>eprocess</c>.</param>
public sealed record GateSummary(string Test, string Set, bool Passed, int Prompts, int Won, int Lost, double Statistic, double Limit)
{
    /// <returns>Null for null.</returns>
    public static GateSummary? Of(GateEvidence? gate) => gate is null
        ? null
        : new(
            gate.Test.ToString().ToLowerInvariant(),
            gate.Set,
            gate.Passed,
            gate.Prompts,
            gate.Won,
            gate.Lost,
            gate.Statistic,
            gate.Limit);
}

/// <summary>A set that was measured beside the held-out prompts.</summary>
/// <param name="PassAtK">Share of prompts with a right answer at least.</param>
public sealed record SetSummary(double Accuracy, int Prompts, double PassAtK);

/// <summary>Means over a round's pairs, by TRL's names.</summary>
public sealed record TrainSummary(
    int Steps,
    double Loss,
    [property: JsonPropertyName("rewards/margins")] double RewardsMargins,
    [property: JsonPropertyName("rewards/accuracies")] double RewardsAccuracies,
    [property: JsonPropertyName("rewards/chosen")] double RewardsChosen,
    [property: JsonPropertyName("rewards/rejected")] double RewardsRejected);

/// <param name="MeanTokens">Mean length of the greedy answers, the end token included.</param>
/// <param name="Sets">Those that were measured in this round; null where there are none.</param>
/// <param name="Kl">Null where it was not measured.</param>
public sealed record EvaluationSummary(
    double HeldoutAccuracy,
    IReadOnlyDictionary<string, double> ByTask,
    double MeanTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, SetSummary>? Sets = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] KlSummary? Kl = null);

/// <summary>The divergence from the base in nats, see <see cref="Divergence"/>.</summary>
/// <param name="Answers">That it was estimated on.</param>
public sealed record KlSummary(double PerAnswer, double PerToken, int Answers)
{
    /// <returns>Null for null.</returns>
    public static KlSummary? Of(Divergence? divergence) =>
        divergence is null ? null : new(divergence.PerAnswer, divergence.PerToken, divergence.Answers);
}

/// <summary>Seconds by stage; selecting pairs counts as judging, grading held-out answers as evaluating.</summary>
public sealed record SecondsSummary(double Generate, double Judge, double Train, double Publish, double Evaluate, double Total);

/// <summary>The policy the campaign ends with: the last one that was not rolled back.</summary>
public sealed record FinalSummary(double HeldoutAccuracy);
