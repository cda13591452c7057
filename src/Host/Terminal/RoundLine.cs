using IterativeDpo.Campaigns;

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
            return $"baseline: held-out accuracy {accuracy}";
        }
        var outcome = round.Outcome switch
        {
            RoundOutcome.RolledBack => $"held-out accuracy {accuracy}: rolled back",
            RoundOutcome.Skipped => "no pair to train on: skipped",
            _ => $"held-out accuracy {accuracy}",
        };
        return $"round {index}/{state.Plan!.Rounds}: {outcome}, {round.SampleCount:N0} samples, {round.Pairs?.PairCount ?? 0:N0} pairs, {round.TotalSeconds:F1} s";
    }
}
