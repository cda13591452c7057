using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Training;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Actors.Configuration;

/// <summary>Reads the section <c>campaign.policy</c>, and refuses what has no meaning together or with the loss.</summary>
internal static class PolicyOptionsReader
{
    public static PolicyOptions Read(SettingsReader campaign, TrainingOptions training)
    {
        var policy = campaign.Section("policy");
        var initialisation = policy.Choice<PolicyOrigin>("initialisation");
        var data = policy.Choice<PairData>("data");
        var (decay, share) = (policy.Double("reference-ema-decay", 0, 0.9999), policy.Double("replay-share", 0.001, 0.95));
        var reference = ReadReference(campaign, policy, training);
        if (reference == ReferenceOrigin.Ema && initialisation == PolicyOrigin.Base)
        {
            throw policy.Invalid("reference", "ema",
                "an average needs adapters that go on from each other, and policy.initialisation = base makes each round's a fresh one; set that to previous, or reference = base");
        }
        if (training.ReferenceSync is { } sync && initialisation == PolicyOrigin.Base && reference == ReferenceOrigin.Previous)
        {
            throw campaign.Invalid("training.reference-sync.steps", $"{sync.Steps}",
                "the policy's fresh adapter cannot be mixed into the previous one; set policy.initialisation = previous, or policy.reference = base");
        }
        return new(initialisation, reference, data, reference == ReferenceOrigin.Ema ? decay : 0, data == PairData.Replay ? share : 0);
    }

    private static ReferenceOrigin ReadReference(SettingsReader campaign, SettingsReader policy, TrainingOptions training)
    {
        var reference = policy.Choice<ReferenceOrigin>("reference");
        var losses = string.Join(", ", training.Loss.Losses.Select(loss => loss.Name));
        if (new Objective(training.Loss).UsesReference)
        {
            return reference != ReferenceOrigin.None ? reference : throw policy.Invalid(
                "reference", "none", $"{losses} compares the policy with a reference; set base, previous or ema, or a loss without one, or training.loss.reference-free = on");
        }
        if (reference is ReferenceOrigin.Base or ReferenceOrigin.Ema)
        {
            throw policy.Invalid("reference", Words.Kebab(reference), training.Loss.ReferenceFree
                ? $"with training.loss.reference-free = on {losses} has no reference; set none, or reference-free = off"
                : $"{losses} has no reference here; set none");
        }
        if (training.ReferenceSync is { } sync)
        {
            throw campaign.Invalid("training.reference-sync.steps", $"{sync.Steps}", $"{losses} has no reference that could follow the policy; set 0");
        }
        return ReferenceOrigin.None;
    }
}
