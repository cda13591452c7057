using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Judging.Llm;

namespace IterativeDpo.Judging.Http;

/// <summary>Settings of an <see cref="LlmJudge"/> that asks a model behind a service.</summary>
[Setting(
    "A language model behind a service that speaks OpenAI's chat completions; also takes what is in judging.asking. Its answers are kept in "
    + "work/judge-NAME.jsonl, or by the coordinators of a cluster, and none that is kept is asked for again.")]
public sealed record HttpJudgeOptions(
    string Name,
    [Setting(WrittenAs = typeof(AskingOptions), DefaultsIn = "asking")] LlmMode Mode,
    [Setting(IsFlat = true)] ServiceOptions Service) : JudgeOptions(Name)
{
    public override IEnumerable<string> Models => [Service.Model];

    public override CampaignParts Needs => CampaignParts.Seed;

    private string AnswersFile => AnswersFileOf(Name);

    /// <summary>Judges of this name share one <see cref="ChatService"/>, and with it what may be used of the service.</summary>
    public override IJudge Create(JudgeFactory factory)
    {
        var service = factory.Shared(
            (typeof(ChatService), Name),
            () =>
                new ChatService(
                    Setting,
                    Service,
                    () => factory.Ledger(Name, AnswersFile),
                    factory.Note,
                    factory.Time,
                    () => factory.RaisedBudgetOf(Name)));
        return new LlmJudge(Name, new OpenAiModel(Service, service), Mode, factory.Seed);
    }

    /// <summary>
    /// Forgets what the service answered, and how often it was asked: every question is asked again. What was spent stays spent.
    /// </summary>
    /// <param name="workPath">The directory of what judges keep; no factory uses it.</param>
    /// <returns>Answers that were there.</returns>
    /// <exception cref="Artifacts.UserInputException">The file is damaged.</exception>
    public async Task<int> ForgetAnswersAsync(string workPath, TimeProvider time)
    {
        var path = Path.Combine(workPath, AnswersFile);
        return File.Exists(path) ? await ForgetAnswersAsync(() => new LedgerFile(path), time, CancellationToken.None) : 0;
    }

    /// <inheritdoc cref="ForgetAnswersAsync(string, TimeProvider)"/>
    /// <param name="ledger">Opens what the judge was answered; judges may be at work on it.</param>
    public static async Task<int> ForgetAnswersAsync(Func<ILedger> ledger, TimeProvider time, CancellationToken cancellationToken)
    {
        using var log = new CallLog(ledger, time);
        await log.ReadAsync(cancellationToken);
        var count = log.See(answers => answers.Answered);
        await log.AddAsync(new CallEntry("", Forget: true));
        return count;
    }

    /// <summary>The file of what a judge of this name was answered, among those that judges keep.</summary>
    public static string AnswersFileOf(string judge) => $"judge-{judge}.jsonl";

    public override JudgeOptions WithoutIncidentals() =>
        this with
        {
            Mode = Mode.WithoutIncidentals(),
            Service = Service.WithoutIncidentals(),
        };
}
