using IterativeDpo.Actors;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Command;
using IterativeDpo.Judging.Http;
using IterativeDpo.Judging.People;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Judges;

/// <summary>A campaign's judges with the real engines behind them.</summary>
internal static class CampaignJudges
{
    /// <inheritdoc cref="JudgeFactory(Func{string, JudgeOptions}, JudgeEngines, string, ulong, string, Action{string}, TimeProvider, Func{string, ILedger}, PeopleAsked)"/>
    /// <param name="people">Where people are asked; null is nowhere.</param>
    public static JudgeFactory Factory(
        CampaignOptions options,
        string? workPath,
        Action<string> note,
        TimeProvider time,
        Func<string, ILedger>? ledger = null,
        PeopleQueue? people = null) =>
        new(
        options.Judging.Find,
        new JudgeEngines(
            path => LlamaTextTokenizer.Load(path, ChatTemplateOf(options, path)),
            (path, llm) =>
                LlamaGenerator.Load(
                    new LlamaOptions(
                        path,
                        llm.ContextTokens,
                        llm.Sequences,
                        options.Threads,
                        llm.BatchTokens,
                        ChatTemplateOf(options, path))),
            reward => new LlamaRewardModel(
                reward.ModelPath,
                reward.HeadPath,
                reward.ContextTokens,
                reward.BatchTokens,
                options.Threads,
                ChatTemplateOf(options, reward.ModelPath)),
            () => new TorchSequenceScorer(options.ModelPath, options.Training)),
        options.ModelPath,
        options.Seed,
        workPath,
        note,
        time,
        ledger,
        people is null ? null : new(people, options.Prompts.PerRound));

    /// <summary>The judges that a campaign had, for judging again: services are not asked, what they answered then counts.</summary>
    /// <param name="recordedPath">The campaign's <see cref="CampaignReader.WorkPath"/>, which is only read.</param>
    /// <param name="workPath">Where they keep what they write now.</param>
    public static JudgeFactory ForReplay(CampaignOptions options, string recordedPath, string workPath, TimeProvider time) => Factory(
        options,
        workPath,
        _ => { },
        time,
        judge => new RecordedLedger(judge, Path.Combine(recordedPath, HttpJudgeOptions.AnswersFileOf(judge))));

    /// <summary>The base model is shown conversations as when it samples, whoever asks it.</summary>
    private static ChatTemplateOptions? ChatTemplateOf(CampaignOptions options, string path) =>
        path == options.ModelPath ? options.ChatTemplate : options.Judging.ChatTemplate;

    /// <summary>Whether a judge asks a program of the user's or people, itself or through those that it asks.</summary>
    public static bool AsksOutside(JudgingOptions judging, string name) =>
        judging.FindAll(name).Any(judge => judge is CommandOptions or HumanOptions);
}
