using IterativeDpo.Judging.Llm;

namespace IterativeDpo.Judging.Http;

/// <summary>Settings of an <see cref="LlmJudge"/> that asks a model behind a service.</summary>
public sealed record HttpJudgeOptions(string Name, LlmMode Mode, ServiceOptions Service) : JudgeOptions(Name)
{
    public override IEnumerable<string> Models => [Service.Model];

    public override CampaignParts Needs => CampaignParts.Seed;

    /// <summary>Judges of this name share one <see cref="ChatService"/>, and with it what may be used of the service.</summary>
    public override IJudge Create(JudgeFactory factory)
    {
        var service = factory.Shared(
            (typeof(ChatService), Name), () => new ChatService(Setting, Service, factory.WorkFile($"judge-{Name}.jsonl"), factory.Note, factory.Time));
        return new LlmJudge(Name, new OpenAiModel(Service, service), Mode, factory.Seed);
    }

    public override JudgeOptions WithoutIncidentals() => this with { Mode = Mode.WithoutIncidentals(), Service = Service.WithoutIncidentals() };
}
