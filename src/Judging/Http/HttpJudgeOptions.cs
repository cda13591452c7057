using IterativeDpo.Judging.Llm;

namespace IterativeDpo.Judging.Http;

/// <summary>Settings of an <see cref="LlmJudge"/> that asks a model behind a service.</summary>
public sealed record HttpJudgeOptions(string Name, LlmMode Mode, ServiceOptions Service) : JudgeOptions(Name)
{
    public override IEnumerable<string> Models => [Service.Model];

    public override CampaignParts Needs => CampaignParts.Seed;

    public override JudgeOptions WithoutIncidentals() => this with { Mode = Mode.WithoutIncidentals(), Service = Service.WithoutIncidentals() };
}
