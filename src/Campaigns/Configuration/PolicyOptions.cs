using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Training;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>The three choices of iterative DPO on which published recipes disagree.</summary>
/// <param name="ReferenceEmaDecay">0 unless the average is the reference.</param>
/// <param name="ReplayShare">0 unless the data is a replay.</param>
public sealed record PolicyOptions(
    [Setting("What a round's training starts from. previous: the last published adapter.  base: a fresh adapter.", Default = "previous")]
        PolicyOrigin Initialisation,
    [Setting(
        "The frozen policy in the loss. previous: the policy the round began with.  base: the base model.  ema: the average of the adapters that were kept, for "
        + "initialisation = previous.  none: there is none, for losses without it; these take the default for none.", Default = "previous")]
    ReferenceOrigin Reference,
    [Setting("new: the round's own pairs.  accumulated: the pairs of every round so far.  replay: its own, and some of the rounds before. "
        + "Of the newest 500 rounds that made any, where there are more.", Default = "new")] PairData Data,
    [Setting(
        "ema: what the average keeps of itself from round to round; it begins as the base. 0: the last adapter itself.",
        Default = "0.9",
        Min = 0,
        Max = 0.9999)]
    double ReferenceEmaDecay = 0,
    [Setting("replay: share of the pairs trained on that is drawn from the rounds before.", Default = "0.25", Min = 0.001, Max = 0.95)]
        double ReplayShare = 0,
    [Setting("Each round's beta is that of the round before times this; the first has training.loss.beta. 1: off.", Above = 0)]
        double BetaFactor = 1)
{
    /// <summary>What a round trains with.</summary>
    /// <param name="round">From 1.</param>
    public TrainingOptions TrainingOf(TrainingOptions training, int round) =>
        training with { Loss = training.Loss with { Beta = (float)(training.Loss.Beta * Math.Pow(BetaFactor, round - 1)) } };

    /// <summary>What of it has an effect with this training.</summary>
    public PolicyOptions With(TrainingOptions training) => this with
    {
        Reference = new Objective(training.Loss).UsesReference ? Reference : ReferenceOrigin.None,
        ReferenceEmaDecay = Reference == ReferenceOrigin.Ema ? ReferenceEmaDecay : 0,
        ReplayShare = Data == PairData.Replay ? ReplayShare : 0,
    };

    /// <summary>What has no meaning together or with the loss, by its key under <c>campaign</c>.</summary>
    public IEnumerable<SettingViolation> ViolationsWith(TrainingOptions training)
    {
        var (uses, losses) = (new Objective(training.Loss).UsesReference, training.Loss.NamesOfLosses);
        if (uses && Reference == ReferenceOrigin.None)
        {
            yield return new(
                "policy.reference",
                "none",
                $"{losses} compares the policy with a reference; set base, previous or ema, or a loss without one, or training.loss.reference-free = on");
        }
        if (!uses && Reference is (ReferenceOrigin.Base or ReferenceOrigin.Ema))
        {
            yield return new("policy.reference", Words.Kebab(Reference), training.Loss.ReferenceFree
                ? $"with training.loss.reference-free = on {losses} has no reference; set none, or reference-free = off"
                : $"{losses} has no reference here; set none");
        }
        if (!uses && training.ReferenceSync is { } follower)
        {
            yield return new(
                "training.reference-sync.steps",
                $"{follower.Steps}",
                $"{losses} has no reference that could follow the policy; set 0");
        }
        if (Reference == ReferenceOrigin.Ema && Initialisation == PolicyOrigin.Base)
        {
            yield return new("policy.reference", "ema",
                "an average needs adapters that go on from each other, and policy.initialisation = base makes each round's a fresh one; set that to previous, or reference = base");
        }
        if (training.ReferenceSync is { } sync && Initialisation == PolicyOrigin.Base && Reference == ReferenceOrigin.Previous)
        {
            yield return new("training.reference-sync.steps", $"{sync.Steps}",
                "the policy's fresh adapter cannot be mixed into the previous one; set policy.initialisation = previous, or policy.reference = base");
        }
    }
}
