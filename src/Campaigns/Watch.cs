using System.Globalization;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns;

/// <summary>
/// Looks at what tells that a policy degenerates, or pleases its judge and nobody else: an audit of rounds that were measured, and no early
/// warning. Pure: it follows from the state alone.
/// </summary>
public static class Watch
{
    /// <summary>
    /// What is beyond its limit in a round, each in words with the setting; nothing for the base, and for rounds that were not measured.
    /// </summary>
    public static IReadOnlyList<string> Of(CampaignState state, RoundState round)
    {
        var limits = state.Plan?.Watch ?? new();
        return round.Number == 0 || round.Outcome is null or RoundOutcome.Skipped ? [] : [.. Findings(state, round, limits)];
    }

    /// <summary>Why no further round begins, though there are some left; null where one may.</summary>
    public static string? ReasonToStop(CampaignState state) =>
        state is { Plan: { StopKl: { } most } plan, LastKept: { Divergence.PerAnswer: var kl } kept }
        && kl > most
        && state.Rounds.Count <= plan.Rounds
            ? Words($"the policy of round {kept.Number} is {kl:F2} nats an answer from the base, and stop.kl is {most:G3}")
            : null;

    private static IEnumerable<string> Findings(CampaignState state, RoundState round, WatchOptions limits)
    {
        var baseline = state.Rounds[0];
        if (limits.Entropy is { } entropy && round.MeanEntropy < entropy * baseline.MeanEntropy)
        {
            yield return Words(
                $"the entropy of held-out answers fell to {round.MeanEntropy:G2} nats, from {baseline.MeanEntropy:G2} of the base; watch.entropy is {entropy:P0} of that");
        }
        if (limits.Length is { } length
            && baseline.MeanTokens > 0
            && (round.MeanTokens > length * baseline.MeanTokens || round.MeanTokens < baseline.MeanTokens / length))
        {
            yield return Words(
                $"held-out answers have {round.MeanTokens:F1} tokens on average, and the base's had {baseline.MeanTokens:F1}; watch.length is {length:G3} times");
        }
        if (round.Repeats > limits.Repeats)
        {
            yield return Words(
                $"{round.Repeats:P0} of the runs of four tokens in held-out answers are repeated; watch.repeats is {limits.Repeats:P0}");
        }
        if (round.Identical > limits.Identical)
        {
            yield return Words(
                $"{round.Identical:P0} of the samples are the same as another of their prompt; watch.identical is {limits.Identical:P0}");
        }
        if (limits.AnchorAgreement is { } agreement && round.Anchor?.WithFirst?.Accuracy is { } same && same.Interval().High < agreement)
        {
            yield return Words(
                $"the judge prefers what it preferred at first on {same.Value:P0} of {same.Of:N0} pairs of the first round; watch.anchor-agreement is {agreement:P0}");
        }
        if (limits.RewardRounds is { } rounds && IsGamed(state, round, rounds))
        {
            yield return Words(
                $"the judge's mean score rose and the held-out accuracy fell {rounds} rounds in a row, to {round.MeanScore:G3} and {round.HeldOut.Accuracy():P1}; watch.reward-rounds is {rounds}");
        }
    }

    /// <summary>The score of a round's samples is that of the policy before it, whose accuracy the round before has.</summary>
    private static bool IsGamed(CampaignState state, RoundState round, int rounds)
    {
        RoundState[] measured =
        [
            .. state
                .Rounds.Take(round.Number + 1)
                .Where(r => r.Number > 0 && r.Outcome is RoundOutcome.Kept or RoundOutcome.RolledBack)
                .TakeLast(rounds + 1),
        ];
        return measured.Length == rounds + 1
            && measured
                .Zip(measured.Skip(1))
                .All(pair =>
                    pair.Second.MeanScore > pair.First.MeanScore && pair.Second.HeldOut.Accuracy() < pair.First.HeldOut.Accuracy());
    }

    private static string Words(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
