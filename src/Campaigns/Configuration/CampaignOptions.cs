using System.Text.Json.Serialization;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Pairs;
using IterativeDpo.Training;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>Everything a campaign does, read once from <c>campaign { … }</c> and right by construction.</summary>
/// <param name="Name">Names the campaign in its state directory and in provenance.</param>
/// <param name="Seed">Seeds prompts, samples, pair selection, adapter values and data order.</param>
/// <param name="Rounds">Rounds after which the campaign is done.</param>
/// <param name="ModelPath">The base GGUF, as a full path.</param>
/// <param name="Threads">Threads of the generator and of the trainer; they never run at once.</param>
public sealed record CampaignOptions(
    string Name,
    ulong Seed,
    int Rounds,
    string ModelPath,
    int Threads,
    PromptOptions Prompts,
    GenerationOptions Generation,
    JudgingOptions Judging,
    PairSelectionOptions Pairs,
    PolicyOptions Policy,
    TrainingOptions Training,
    EvaluationOptions Evaluation,
    WorkOptions Work)
{
    /// <summary>The names of who judges the samples and who grades the evaluation.</summary>
    [JsonIgnore]
    public IEnumerable<string> Judges => new[] { Judging.Judge, Evaluation.Judge ?? Judging.Judge }.Distinct();

    /// <summary>The settings of these judges and of those that they ask; no other judge changes results.</summary>
    [JsonIgnore]
    public IReadOnlyList<JudgeOptions> JudgesInUse => [.. (Judging.Judges ?? []).Intersect(Judges.SelectMany(Judging.FindAll))];
}
