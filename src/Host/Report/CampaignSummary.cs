using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IterativeDpo.Host.Report;

/// <summary>What <c>--json</c> prints at the end of a campaign. Accuracies are shares from 0 to 1; names are part of the contract.</summary>
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
public sealed record BaselineSummary(double HeldoutAccuracy, int HeldoutPrompts, IReadOnlyDictionary<string, double> ByTask);

/// <param name="Ties">Two samples of one prompt that differ and scored alike.</param>
/// <param name="Dropped">Prompts that gave no pair.</param>
/// <param name="AdapterSha256">The adapter the round trained; null where there was nothing to train on.</param>
/// <param name="Train">Null where there was nothing to train on.</param>
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
    SecondsSummary Seconds);

/// <summary>Means over a round's pairs, by TRL's names.</summary>
public sealed record TrainSummary(
    int Steps,
    double Loss,
    [property: JsonPropertyName("rewards/margins")] double RewardsMargins,
    [property: JsonPropertyName("rewards/accuracies")] double RewardsAccuracies,
    [property: JsonPropertyName("rewards/chosen")] double RewardsChosen,
    [property: JsonPropertyName("rewards/rejected")] double RewardsRejected);

/// <param name="MeanTokens">Mean length of the greedy answers, the end token included.</param>
public sealed record EvaluationSummary(double HeldoutAccuracy, IReadOnlyDictionary<string, double> ByTask, double MeanTokens);

/// <summary>Seconds by stage; selecting pairs counts as judging, grading held-out answers as evaluating.</summary>
public sealed record SecondsSummary(double Generate, double Judge, double Train, double Publish, double Evaluate, double Total);

/// <summary>The policy the campaign ends with: the last one that was not rolled back.</summary>
public sealed record FinalSummary(double HeldoutAccuracy);
