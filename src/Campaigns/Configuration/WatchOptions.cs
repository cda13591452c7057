using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>What becomes of a campaign whose round is beyond a limit.</summary>
public enum WatchAction { Warn, Pause }

/// <summary>When a campaign is done before its last round.</summary>
/// <param name="Kl">Null is off.</param>
public sealed record StopOptions(
    [Setting(
        "No further round begins once the checkpoint's divergence from the base is above this, in nats an answer (docs/rounds.md). It may be raised later to go on. 0: off.",
        Off = "0",
        Above = 0)]
        double? Kl = null);

/// <summary>What is warned about when a policy degenerates or games its judge. Null is off.</summary>
public sealed record WatchOptions(
    [Setting("Least entropy of the policy on held-out answers, as a share of the base's. 0: off.", Off = "0", Min = 0, Max = 1)]
        double? Entropy = 0.05,
    [Setting("Most times that held-out answers may be longer, or shorter, than the base's. 0: off.", Off = "0", Above = 1)]
        double? Length = 4,
    [Setting(
        "Most share of runs of four tokens in held-out answers that were there before in the answer. 1: off.",
        Off = "1",
        Min = 0,
        Max = 1)]
        double? Repeats = 0.5,
    [Setting(
        "Most share of a round's samples that are the same text as one before of the same prompt. 1: off.",
        Off = "1",
        Min = 0,
        Max = 1)]
        double? Identical = 0.9,
    [Setting(
        "Rounds in a row in which the judge's mean score of the samples rises while the held-out accuracy falls. 0: off.",
        Off = "0",
        Min = 1,
        Max = 100)]
        int? RewardRounds = 2,
    [Setting("What to do where a round is beyond a limit, besides saying so.")] WatchAction Action = WatchAction.Warn,
    [Setting(
        "Held-out prompts that every round also samples one answer to, at temperature 1: the divergence from the base is estimated on these, and nothing else is. 0: off.",
        Min = 0,
        Max = 100_000)]
        int KlPrompts = 128,
    [Setting(
        "Every so many rounds the judge labels again what it labelled first: the samples of one unit (work.prompts-per-unit) of the first round. A service is asked anew, and that counts in its budget. 0: off.",
        Min = 0,
        Max = 10_000)]
    int AnchorRounds = 0,
    [Setting(
        "Least share of the pairs of those samples which the judge told apart at first on which it still prefers the same one; warned about where the 95 % interval is below it. 0: off.",
        Off = "0",
        Min = 0,
        Max = 1)]
    double? AnchorAgreement = 0.8) : ICheckedSettings
{
    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet)
    {
        if (AnchorRounds == 0 && AnchorAgreement != new WatchOptions().AnchorAgreement)
        {
            yield return new(
                "anchor-agreement",
                $"{AnchorAgreement ?? 0}",
                "with anchor-rounds = 0 nothing is labelled again, and it has no effect; take it out, or set anchor-rounds");
        }
    }
}
