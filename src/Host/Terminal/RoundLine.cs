using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Host.Terminal;

/// <summary>A finished round in one line.</summary>
public static class RoundLine
{
    public static string Of(CampaignState state, int index)
    {
        var round = state.Rounds[index];
        var accuracy = $"{100 * round.HeldOut.Accuracy():F1} %";
        if (index == 0)
        {
            return $"baseline: held-out accuracy {accuracy}{Thoughts(round)}{Sets(state, round)}";
        }
        var outcome = round.Outcome switch
        {
            RoundOutcome.RolledBack => $"held-out accuracy {accuracy}: rolled back",
            RoundOutcome.Skipped => "no pair to train on: skipped",
            _ => $"held-out accuracy {accuracy}{(round.Gate?.Passed == false ? ": kept, and did not pass the gate" : "")}",
        };
        var gate = round.Gate is { } evidence && (!evidence.Passed || state.Plan!.Gate is not null) ? $"; gate: {evidence.InWords()}" : "";
        return $"round {index}/{state.Plan!.Rounds}: {outcome}, {round.SampleCount:N0} samples, {Pairs(round)}{Divergence(round)}, {round.TotalSeconds:F1} s{gate}{Thoughts(round)}"
            + $"{Sets(state, round)}{string.Concat(Watch.Of(state, round).Select(finding => $"; warning: {finding}"))}{Stop(state, round)}";
    }

    private static string Pairs(RoundState round) => $"{round.Pairs?.PairCount ?? 0:N0} pairs"
        + (round.Pairs is { TiePairs: > 0 and var ties } ? $" ({ties:N0} of them ties)" : "")
        + (round.Pairs?.Consistency is { } consistency ? $" of consistency {consistency:F2}" : "");

    private static string Thoughts(RoundState round) =>
        round.MeanThoughts is { } thoughts ? $"; {thoughts:F0} of {round.MeanTokens:F0} tokens to a held-out answer are thoughts" : "";

    private static string Divergence(RoundState round) => round.Divergence is { } kl ? $", KL {kl.PerAnswer:F2}" : "";

    private static string Stop(CampaignState state, RoundState round) =>
        round == state.LastKept && Watch.ReasonToStop(state) is { } reason ? $"; no further round begins: {reason}" : "";

    /// <summary>What was measured beside the held-out prompts, without what only the gate is there for.</summary>
    private static string Sets(CampaignState state, RoundState round)
    {
        var sets = (state.Plan!.Sets ?? []).Where(set => set.Name != GateOptions.OwnSet && round.Sets.ContainsKey(set.Name))
            .Select(set => (set.Name, set.Samples, Score: round.Sets[set.Name]))
            .Select(set =>
                $"{set.Name} {100 * set.Score.Right.Accuracy():F1} %{(set.Samples > 1 ? $", pass@{set.Samples} {100 * set.Score.PassAtK():F1} %" : "")}");
        return string.Join("; ", sets) is { Length: > 0 } all ? $"; {all}" : "";
    }
}
