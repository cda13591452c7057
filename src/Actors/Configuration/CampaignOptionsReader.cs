using System.Text.RegularExpressions;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Tasks;
using IterativeDpo.Judging.Curriculum;

namespace IterativeDpo.Actors.Configuration;

/// <summary>Turns the section <c>campaign</c> into options; each key has its range here and its default in reference.conf.</summary>
internal static class CampaignOptionsReader
{
    /// <param name="processors">Threads where the setting is 0.</param>
    /// <exception cref="UserInputException">A value is of the wrong type, out of range or missing.</exception>
    public static CampaignOptions Read(SettingsReader campaign, int processors)
    {
        var training = ReadTraining(campaign, processors);
        var threads = training.Options.Threads;
        var options = new CampaignOptions(
            ReadName(campaign),
            training.Seed,
            campaign.Int("rounds", 1, 10_000),
            campaign.RequiredPath("model"),
            threads,
            ReadPrompts(campaign.Section("prompts")),
            ReadGeneration(campaign.Section("generation")),
            JudgesReader.Read(campaign.Section("judging")),
            PairOptionsReader.Read(campaign.Section("pairs"), campaign.Section("training")),
            training.Policy,
            training.Options,
            ReadEvaluation(campaign.Section("evaluation")),
            ReadWork(campaign.Section("work")));
        CheckTogether(campaign, options);
        return options;
    }

    /// <summary>What a training run on its own goes by.</summary>
    public static TrainingConfiguration ReadTraining(SettingsReader campaign, int processors)
    {
        var training = TrainingOptionsReader.Read(campaign.Section("training"), campaign.Int("threads", 0, 1024) is var set and > 0 ? set : processors);
        return new(training, PolicyOptionsReader.Read(campaign, training), (ulong)campaign.Long("seed", 0, long.MaxValue));
    }

    private static string ReadName(SettingsReader campaign)
    {
        var name = campaign.RequiredText("name");
        return Regex.IsMatch(name, "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
            ? name
            : throw campaign.Invalid("name", name, "it must be 1 to 64 letters, digits, '-', '_' and '.', beginning with a letter or digit");
    }

    private static PromptOptions ReadPrompts(SettingsReader prompts)
    {
        var order = prompts.Choice<PromptOrder>("order");
        var curriculum = ReadCurriculum(prompts.Section("curriculum"));
        return new PromptOptions(
            prompts.OptionalPath("file"),
            prompts.Choices("tasks", [.. TaskTable.All.Select(task => task.Name)]),
            prompts.Int("per-round", 1, 10_000_000),
            order,
            order == PromptOrder.Curriculum ? curriculum : null);
    }

    private static CurriculumOptions ReadCurriculum(SettingsReader curriculum)
    {
        var low = curriculum.Double("low", 0, 1);
        return new CurriculumOptions(
            low,
            curriculum.Double("high", low, 1),
            curriculum.Int("rest-rounds", 0, 10_000),
            curriculum.Int("pool-rounds", 1, 10_000));
    }

    private static GenerationOptions ReadGeneration(SettingsReader generation) => new(
        new SamplingOptions(
            generation.Float("temperature", 0, 100),
            generation.Int("top-k", 0),
            generation.Float("top-p", 0.001, 1),
            generation.Float("min-p", 0, 1),
            generation.Float("repetition-penalty", 0.01, 100),
            generation.Int("max-tokens", 1, 1_000_000),
            [.. generation.Texts("stop-strings").Select(text => ReadStopString(generation, text))]),
        generation.Int("samples-per-prompt", 2, 1024),
        generation.Int("sequences", 1, 255),
        generation.Int("context-tokens", 16, 10_000_000),
        generation.Int("batch-tokens", 1, 1_000_000));

    private static string ReadStopString(SettingsReader generation, string text)
    {
        try
        {
            return StopString.Parse(text);
        }
        catch (FormatException e)
        {
            throw generation.Invalid("stop-strings", text, e.Message);
        }
    }

    private static EvaluationOptions ReadEvaluation(SettingsReader evaluation) => new(
        evaluation.Int("prompts-per-task", 1, 1_000_000),
        evaluation.Int("max-tokens", 1, 1_000_000),
        evaluation.Double("rollback-points", 0, 100) is var points and < 100 ? points : null,
        evaluation.Text("judge") is { Length: > 0 } judge ? judge : null,
        evaluation.Double("right-score", double.MinValue));

    private static WorkOptions ReadWork(SettingsReader work) => new(
        work.Int("prompts-per-unit", 1, 100_000),
        work.Int("retries", 0, 100));

    private static void CheckTogether(SettingsReader campaign, CampaignOptions options)
    {
        var context = options.Generation.ContextTokens;
        if (options.Generation.Sampling.MaxTokens >= context)
        {
            throw campaign.Invalid("generation.max-tokens", $"{options.Generation.Sampling.MaxTokens}", $"it must leave room for the prompt in generation.context-tokens ({context})");
        }
        if (options.Evaluation.MaxTokens >= context)
        {
            throw campaign.Invalid("evaluation.max-tokens", $"{options.Evaluation.MaxTokens}", $"it must leave room for the prompt in generation.context-tokens ({context})");
        }
        if (options.Evaluation.Judge is not null)
        {
            campaign.Choice("evaluation.judge", [.. JudgesReader.NamesOf(options.Judging.Judges)]);
        }
    }
}
