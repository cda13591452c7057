using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Tests;

namespace IterativeDpo.Actors.Tests.Protocol;

/// <summary>
/// A campaign with settings and a history of chance: results in any order, failures, lost artifacts, pauses, restarts and more rounds.
/// </summary>
internal static class RandomCampaign
{
    public static CampaignSimulator Run(Random random)
    {
        var plan = CampaignSimulator.Plan with
        {
            Rounds = random.Next(1, 7),
            MaxAttempts = random.Next(1, 4),
            Staleness = random.Next(3),
            Data = (PairData)random.Next(3),
            Reference = (ReferenceOrigin)random.Next(4),
        };
        var (lows, empties) = (random.Next(8), random.Next(8));
        var campaign = new CampaignSimulator(plan)
        {
            Right = round => round == lows ? 1 : 5,
            Pairs = round => round == empties ? 0 : 4,
        };
        for (var step = 0; step < 400 && campaign.State.Status != CampaignStatus.Cancelled; step++)
        {
            campaign.Command(Next(random, campaign, plan));
        }
        return campaign;
    }

    private static CampaignCommand Next(Random random, CampaignSimulator campaign, CampaignPlan plan)
    {
        var due = Round.Due(campaign.State).ToArray();
        if (due.Length == 0)
        {
            return campaign.State.Status == CampaignStatus.Paused
                ? new ContinueCampaign()
                : new StartCampaign(plan with { Rounds = campaign.State.Plan!.Rounds + random.Next(2) });
        }
        var order = due[random.Next(due.Length)];
        return random.Next(40) switch
        {
            0 => new PauseCampaign("by hand"),
            1 => new ResumeCampaign(),
            2 => new FailWork(order.Id, "disk full", FailureKind.Permanent),
            3 or 4 => new FailWork(order.Id, "gone", FailureKind.Transient, Lost: order.Needs.Any() ? order.Needs.Last() : null),
            5 or 6 or 7 => new FailWork(
                order.Id,
                "no answer",
                FailureKind.Transient,
                order is JudgeOrder ? (JudgeResult)campaign.ResultOf(order) with { Dropped = 1 } : null),
            8 => new CheckpointWork(order.Id, Digest.Of([(byte)random.Next(256)])),
            _ => new CompleteWork(campaign.ResultOf(order)),
        };
    }
}
