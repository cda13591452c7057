using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Judging.Implicit;

/// <summary>Settings of an <see cref="ImplicitRewardJudge"/>.</summary>
/// <param name="Policy">Null is the current policy's.</param>
/// <param name="Reference">Null is the base itself.</param>
[Setting(
    "DPO's implicit reward, beta * (log-prob under the policy - log-prob under the reference), under two checkpoints of campaign.model: "
    + "docs/judges.md. It computes with training.compute-type, training.micro-batch-tokens and threads.")]
public sealed record ImplicitRewardOptions(
    string Name,
    [Setting(
        "current: the adapter that the samples are from (before the first round: the base, so a campaign's own judge names an adapter here or as the reference).  Or an adapter file.",
        Default = "current", Off = "current", IsPath = true)]
    string? Policy,
    [Setting("base: the base model itself.  Or an adapter file.", Default = "base", Off = "base", IsPath = true)] string? Reference,
    [Setting("Scales the reward.", Default = "0.1", Above = 0, IsSingle = true)] double Beta,
    [Setting("on: the log-ratio is divided by the answer's number of tokens.", Default = "off")] bool LengthNormalised,
    [Setting("What each token of an answer costs, in units of the reward (DICE's alpha). 0: off.", Default = "0", Min = 0)]
        double LengthPenalty,
    [Setting("Rewards closer than this are a tie. 0: equal ones only.", Default = "0", Min = 0)] double TieMargin) : JudgeOptions(Name)
{
    public override IEnumerable<string> Files => new[] { Policy, Reference }.OfType<string>();

    public override IEnumerable<string> Models =>
        [Policy is null ? "the policy" : Path.GetFileName(Policy), Reference is null ? "the base" : Path.GetFileName(Reference)];

    [JsonIgnore]
    public override bool AsksPolicy => Policy is null;

    public override CampaignParts Needs => CampaignParts.Model | CampaignParts.ComputeType;

    public override IJudge Create(JudgeFactory factory) => new ImplicitRewardJudge(
        this, factory.Shared(typeof(SequenceScorerQueue), () => new SequenceScorerQueue(factory.Engines.SequenceScorer())));

    public override JudgeOptions WithoutIncidentals() =>
        this with { Policy = Policy is null ? null : "", Reference = Reference is null ? null : "" };
}
