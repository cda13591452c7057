using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Data;
using IterativeDpo.Judging.Pairs;
using IterativeDpo.Judging.People;
using IterativeDpo.Training;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>Everything a campaign does, read once from <c>campaign { … }</c> and right by construction.</summary>
/// <param name="ModelPath">As a full path.</param>
/// <param name="Gate">Null: the defaults, for this, what is watched and when the campaign stops. Not written then: a program from before
/// there was one knows the campaign.</param>
/// <param name="Notices">Null where the options were stored.</param>
/// <param name="ChatTemplate">Of the base model, wherever it is asked or trained; null is nothing.</param>
public sealed record CampaignOptions(
    [Setting("Names the campaign in its state directory and in provenance: letters, digits, '-', '_' and '.'.")] string Name,
    [Setting("Seeds prompts, samples, pair selection, adapter values and data order. Below 2^63.", Default = "1", Min = 0)] ulong Seed,
    [Setting(
        "Rounds after which the campaign is done; may be raised later to go on.",
        Default = "4",
        Min = 1,
        Max = CampaignPlan.MostRounds)]
        int Rounds,
    [Setting(
        "The base model: a GGUF file or a folder of Hugging Face's libraries, relative to the file this is written in.",
        Key = "model",
        IsPath = true)]
        string ModelPath,
    [Setting(
        "Threads of the generator and of the trainer, which run at once only with work.staleness. 0: one for each processor. May change from run to run; with other threads the trainer goes on from its "
        + "checkpoint, but to slightly other bits.", Default = "0", Min = 0, Max = 1024)]
    int Threads,
    [Setting] PromptOptions Prompts,
    [Setting] GenerationOptions Generation,
    [Setting] JudgingOptions Judging,
    [Setting] PairSelectionOptions Pairs,
    [Setting] PolicyOptions Policy,
    [Setting] TrainingOptions Training,
    [Setting] EvaluationOptions Evaluation,
    [Setting] WorkOptions Work,
    [Setting]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    GateOptions? Gate = null,
    [Setting]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    WatchOptions? Watch = null,
    [Setting]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    StopOptions? Stop = null,
    [Setting]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    NoticeOptions? Notices = null,
    [Setting("What the model's chat template is given besides the conversation, wherever the model is asked or trained (docs/prompts.md).")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    ChatTemplateOptions? ChatTemplate = null)
{
    /// <summary>The names of who judges the samples and who grades the evaluation.</summary>
    [JsonIgnore]
    public IEnumerable<string> Judges => Graders.Prepend(Judging.Judge).Distinct();

    /// <summary>The names of who grades the evaluation.</summary>
    [JsonIgnore]
    public IEnumerable<string> Graders =>
        (Evaluation.Sets ?? []).Select(set => set.Name).Prepend(EvaluationOptions.HeldOut).Select(GraderOf).Distinct();

    /// <summary>The gate with its defaults.</summary>
    [JsonIgnore]
    public GateOptions GateOrDefault => Gate ?? new();

    /// <summary>Who grades the answers to a set of prompts.</summary>
    /// <param name="set">Its name; null is the held-out prompts.</param>
    public string GraderOf(string? set) =>
        Evaluation.Sets?.FirstOrDefault(item => item.Name == set)?.Judge ?? Evaluation.Judge ?? Judging.Judge;

    /// <summary>The settings of these judges and of those that they ask; no other judge changes results.</summary>
    [JsonIgnore]
    public IReadOnlyList<JudgeOptions> JudgesInUse => [.. (Judging.Judges ?? []).Intersect(Judges.SelectMany(Judging.FindAll))];

    /// <summary>Whether the answers that prompts' rows give are samples of them too.</summary>
    [JsonIgnore]
    public bool TakesAnswers => Judging.FindAll(Judging.Judge).Any(judge => judge is DataAnswerOptions);

    /// <summary>Whether people judge its samples, or measure who does.</summary>
    [JsonIgnore]
    public bool AsksPeople => Judging.FindAll(Judging.Judge).Any(judge => judge is HumanOptions);

    /// <summary>Whether a campaign may be called so.</summary>
    internal static bool IsName(string name) => Regex.IsMatch(name, @"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\z");

    /// <summary>What the ranges of single settings and the sections' own rules do not say.</summary>
    internal IEnumerable<SettingViolation> Violations()
    {
        if (!IsName(Name))
        {
            yield return new("name", Name, "it must be 1 to 64 letters, digits, '-', '_' and '.', beginning with a letter or digit");
        }
        var lengths = (Evaluation.Sets ?? []).Select(set => ($"evaluation.sets.{set.Name}.max-tokens", set.MaxTokens ?? 0))
            .Concat([("generation.max-tokens", Generation.Sampling.MaxTokens), ("evaluation.max-tokens", Evaluation.MaxTokens)]);
        foreach (var (key, tokens) in lengths)
        {
            if (tokens >= Generation.ContextTokens)
            {
                yield return new(
                    key,
                    $"{tokens}",
                    $"it must leave room for the prompt in generation.context-tokens ({Generation.ContextTokens})");
            }
        }
        if (Work.Staleness > 0 && Prompts.Order == PromptOrder.Curriculum)
        {
            yield return new(
                "work.staleness",
                $"{Work.Staleness}",
                "a curriculum goes by the scores of the round before, which is not judged yet then; set 0, or another prompts.order");
        }
        if (Judging.FindAll(Judging.Judge).OfType<HumanOptions>().FirstOrDefault(judge => judge.Wait == HumanWait.Next) is { } late)
        {
            var key = $"judging.judges.{late.Name}.wait";
            if (late.Name != Judging.Judge)
            {
                yield return new(
                    key,
                    "next",
                    $"the judge '{Judging.Judge}' asks it, and needs its verdict at once; set round, or let judging.judge be {late.Name} itself");
            }
            if (Work.Staleness > 0)
            {
                yield return new(
                    key,
                    "next",
                    "with work.staleness the next round is sampled and judged ahead; set work.staleness = 0, or wait = round");
            }
        }
        var graders = (Evaluation.Sets ?? [])
            .Select(set => ($"evaluation.sets.{set.Name}.judge", set.Judge))
            .Prepend(("evaluation.judge", Evaluation.Judge));
        foreach (var violation in graders.SelectMany(grader =>
                SettingViolation.UnlessOneOf(grader.Item1, grader.Item2 ?? JudgingOptions.Verifier, Judging.Names)))
        {
            yield return violation;
        }
        if (TakesAnswers && Prompts.File is null)
        {
            yield return new(
                "judging.judge",
                Judging.Judge,
                "it prefers the answer that a prompt's row gives, and generated tasks give none; set prompts.file");
        }
        if (Generation.SamplesPerPrompt == 1 && !TakesAnswers)
        {
            yield return new(
                "generation.samples-per-prompt",
                "1",
                "one sample alone makes no pair; set 2 or more, or let a judge of type data-answer set it against the answer of the data");
        }
        if (Pairs.Consistency && !Judging.FindAll(Judging.Judge).Any(judge => judge.AsksPolicy))
        {
            yield return new(
                "pairs.consistency",
                "on",
                $"the judge '{Judging.Judge}' does not ask the policy, and would say the same with the one before; set off, or a judge that does (llm with model = policy, implicit-reward with policy = current)");
        }
        if (Pairs.Consistency && new Objective(Training.Loss) is not { UsesProbability: true, LearnsTies: false })
        {
            yield return new(
                "pairs.consistency",
                "on",
                $"{Training.Loss.NamesOfLosses} reads no probability of a pair here; set training.loss.probabilistic-labels = on, or off here");
        }
        if (Pairs.TiesPerPrompt > 0 && !new Objective(Training.Loss).LearnsTies)
        {
            yield return new(
                "pairs.ties-per-prompt",
                $"{Pairs.TiesPerPrompt}",
                $"{Training.Loss.NamesOfLosses} would take one of two equals for the better; set 0, or training.loss.type = dpo_rk or dpo_d, which learn from ties");
        }
        if (Stop is { Kl: { } kl } && Watch is { KlPrompts: 0 })
        {
            yield return new(
                "stop.kl",
                $"{kl}",
                "with watch.kl-prompts = 0 nothing measures the divergence, and it has no effect; take one of the two out");
        }
        foreach (var violation in GateViolations())
        {
            yield return violation;
        }
    }

    private IEnumerable<SettingViolation> GateViolations()
    {
        var (gate, sets) = (GateOrDefault, Evaluation.Sets ?? []);
        string[] names = [EvaluationOptions.HeldOut, GateOptions.OwnSet, .. sets.Select(set => set.Name)];
        foreach (var violation in SettingViolation.UnlessOneOf("gate.metric", gate.Set, names))
        {
            yield return violation;
        }
        if (gate.Test != GateTest.Points && Evaluation.RollbackPoints is not (null or EvaluationOptions.UsualRollbackPoints))
        {
            yield return new(
                "evaluation.rollback-points",
                $"{Evaluation.RollbackPoints}",
                "only the gate of test points reads it; take it out, or set gate.test = points");
        }
        if (gate.Test != GateTest.Off && sets.FirstOrDefault(set => set.Name == gate.Set) is { Every: not 1 } seldom)
        {
            yield return new(
                "gate.metric",
                gate.Set,
                $"it is measured in some rounds only, and the gate looks at every round; set evaluation.sets.{seldom.Name}.every = 1");
        }
    }
}
