using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging;

namespace IterativeDpo.Training;

/// <summary>Where a pair came from: enough to draw it again and to judge it again.</summary>
/// <param name="Task">The prompt's task, or null.</param>
/// <param name="PromptText">The prompt as a person reads it.</param>
/// <param name="ChosenIndex">The chosen sample's index among the prompt's samples.</param>
/// <param name="ChosenSeed">The seed of its random stream.</param>
/// <param name="ChosenScore">The judge's score of it, in the judge's units.</param>
/// <param name="Judge">The judge's name, its type and models, and a digest of all that its verdicts depend on; in older files the name
/// alone.</param>
/// <param name="Sampling">The sampler's settings.</param>
/// <param name="BaseSha256">The base model that the samples were drawn from.</param>
/// <param name="AdapterSha256">The adapter that was on it, or null.</param>
/// <param name="ChosenJudgement">The judge's verdict on the chosen sample, in full.</param>
/// <param name="Comparison">The judge's verdict on the two, where it compared them.</param>
/// <param name="ChosenModel">Whose answer it is where it is not the policy's: <c>data</c> or <c>base</c>.</param>
public sealed record PairProvenance(
    string? Task,
    string PromptText,
    string ChosenText,
    string RejectedText,
    int ChosenIndex,
    int RejectedIndex,
    ulong ChosenSeed,
    ulong RejectedSeed,
    double ChosenScore,
    double RejectedScore,
    string Judge,
    string Sampling,
    Digest BaseSha256,
    Digest? AdapterSha256,
    int Round,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Judgement? ChosenJudgement = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Judgement? RejectedJudgement = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Comparison? Comparison = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ChosenModel = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RejectedModel = null)
{
    [JsonIgnore]
    public string JudgeName => Judge.Split(' ')[0];

    /// <summary>The same of the pair whose chosen sample is this one's rejected.</summary>
    internal PairProvenance TurnedRound() => this with
    {
        ChosenText = RejectedText,
        RejectedText = ChosenText,
        ChosenIndex = RejectedIndex,
        RejectedIndex = ChosenIndex,
        ChosenSeed = RejectedSeed,
        RejectedSeed = ChosenSeed,
        ChosenScore = RejectedScore,
        RejectedScore = ChosenScore,
        ChosenJudgement = RejectedJudgement,
        RejectedJudgement = ChosenJudgement,
        ChosenModel = RejectedModel,
        RejectedModel = ChosenModel,
    };
}

/// <summary>A line of a pair file.</summary>
public sealed record PairRecord(
    PreferencePair Pair,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PairProvenance? Provenance = null);
