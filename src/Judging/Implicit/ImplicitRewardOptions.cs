namespace IterativeDpo.Judging.Implicit;

/// <summary>Settings of an <see cref="ImplicitRewardJudge"/>.</summary>
/// <param name="Policy">The adapter of π; null is the current policy's.</param>
/// <param name="Reference">The adapter of the reference; null is the base itself.</param>
/// <param name="Beta">β, above 0.</param>
/// <param name="LengthNormalised">Whether the log-ratio is divided by the number of tokens.</param>
/// <param name="LengthPenalty">α: what each token costs, in units of the reward, 0 or more.</param>
/// <param name="TieMargin">Rewards closer than this are a tie, 0 or more.</param>
public sealed record ImplicitRewardOptions(
    string Name,
    string? Policy,
    string? Reference,
    double Beta,
    bool LengthNormalised,
    double LengthPenalty,
    double TieMargin) : JudgeOptions(Name)
{
    public override IEnumerable<string> Files => new[] { Policy, Reference }.OfType<string>();

    public override IEnumerable<string> Models =>
        [Policy is null ? "the policy" : Path.GetFileName(Policy), Reference is null ? "the base" : Path.GetFileName(Reference)];

    public override CampaignParts Needs => CampaignParts.Model | CampaignParts.ComputeType;

    public override IJudge Create(JudgeFactory factory) => new ImplicitRewardJudge(
        this, factory.Shared(typeof(SequenceScorerQueue), () => new SequenceScorerQueue(factory.Engines.SequenceScorer())));

    public override JudgeOptions WithoutIncidentals() =>
        this with { Policy = Policy is null ? null : "", Reference = Reference is null ? null : "" };
}
