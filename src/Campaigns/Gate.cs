using System.Globalization;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;

namespace IterativeDpo.Campaigns;

/// <summary>What a round was kept or refused by.</summary>
/// <param name="Set">The prompts that decided.</param>
/// <param name="Prompts">How many of them have a verdict, in both rounds where they are compared.</param>
/// <param name="Won">Prompts that the round does better on than the checkpoint; 0 where only accuracies are compared.</param>
/// <param name="Statistic">Points lost, McNemar's one-sided p, or the e-value.</param>
/// <param name="Limit">The most points, the most p, or the least e-value that passes.</param>
public sealed record GateEvidence(GateTest Test, string Set, bool Passed, int Prompts, int Won, int Lost, double Statistic, double Limit)
{
    /// <summary>In a line: <c>e = 31.4 on 100 prompts of gate (14 better, 2 worse), needed 20</c>.</summary>
    public string InWords()
    {
        var on = $"on {Prompts} prompts of {Set}";
        var split = $"{on} ({Won} better, {Lost} worse)";
        return Test switch
        {
            GateTest.McNemar => string.Create(CultureInfo.InvariantCulture, $"p = {Statistic:G3} {split}, at most {Limit:G3} passes"),
            GateTest.EProcess => string.Create(CultureInfo.InvariantCulture, $"e = {Statistic:G3} {split}, {Limit:G3} or more passes"),
            _ when Statistic < 0 => string.Create(CultureInfo.InvariantCulture, $"{-Statistic:F1} points won {on}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{Statistic:F1} points lost {on}, at most {Limit:F1} pass"),
        };
    }
}

/// <summary>Whether a round earns its place. Pure: it follows from the state alone.</summary>
public static class Gate
{
    /// <returns>Null where nothing is asked of it: of the base, or with the gate off.</returns>
    public static GateEvidence? Judge(CampaignPlan plan, CampaignState state, RoundState round)
    {
        if (state.LastKept is not { } kept || round.Number == 0)
        {
            return null;
        }
        var evidence = plan.Gate is { IsByPrompt: true } gate ? Compare(gate, state, kept, round) : Points(plan, kept, round);
        return LostSets(plan, state, round).Where(_ => evidence?.Passed != false).Append(evidence).FirstOrDefault();
    }

    /// <summary>
    /// A test by betting (Waudby-Smith, Ramdas 2024, arXiv 2010.09686): from 1, each prompt that only one of two policies does better on
    /// multiplies what is owned by twice the probability that was given to its outcome beforehand. The estimator of Krichevsky and Trofimov
    /// (1981) gives it, and never more than 1/2 to the checkpoint. Where the round is no better, the expected product is never above 1, at
    /// whatever prompt one stops: here at the first that reaches the limit (Ville's inequality).
    /// </summary>
    /// <param name="outcomes">Whether the round did better, prompt by prompt, without those that both do alike.</param>
    public static double EValue(IEnumerable<bool> outcomes, double limit)
    {
        var (won, lost, owned) = (0, 0, 1.0);
        foreach (var isWon in outcomes)
        {
            var chance = Math.Max(0.5, (won + 0.5) / (won + lost + 1));
            owned *= 2 * (isWon ? chance : 1 - chance);
            (won, lost) = isWon ? (won + 1, lost) : (won, lost + 1);
            if (owned >= limit)
            {
                break;
            }
        }
        return owned;
    }

    /// <summary>
    /// The e-value that the next test of a campaign needs (e-LOND: Xu, Ramdas 2024, arXiv 2311.06412, with γ(t) = 1 / t(t + 1)): of all
    /// rounds that pass, the expected share of those that are no better than their checkpoint is at most the level, also where all are
    /// tested on the same prompts, and whenever one looks. Each round that passes makes it easier for the next.
    /// </summary>
    /// <param name="tested">Tests before.</param>
    /// <param name="passed">Of these.</param>
    public static double ELimit(double level, int tested, int passed) => (tested + 1.0) * (tested + 2.0) / (level * (passed + 1));

    private static GateEvidence Compare(GatePlan gate, CampaignState state, RoundState kept, RoundState round)
    {
        byte[] before = kept.Sets.GetValueOrDefault(gate.Set)?.ByPrompt ?? [],
            after = round.Sets.GetValueOrDefault(gate.Set)?.ByPrompt ?? [];
        var both = before.Zip(after).Where(prompt => prompt.First != SetScore.NoVerdict && prompt.Second != SetScore.NoVerdict).ToArray();
        // Sets may have their prompts ordered by task, and a bet on the next must know nothing of it.
        new SplitMix64(1).Shuffle(both.AsSpan());
        bool[] outcomes = [.. both.Where(prompt => prompt.First != prompt.Second).Select(prompt => prompt.Second > prompt.First)];
        var won = outcomes.Count(isWon => isWon);
        var tests = state.Rounds.Select(r => r.Gate).OfType<GateEvidence>().ToArray();
        var limit =
            gate.Test == GateTest.EProcess
                ? ELimit(gate.Level, tests.Length, tests.Count(test => test is { Test: GateTest.EProcess, Passed: true }))
                : gate.Level;
        var statistic = gate.Test == GateTest.EProcess ? EValue(outcomes, limit) : McNemar(won, outcomes.Length - won);
        var passed = both.Length >= gate.MinimumPrompts && (gate.Test == GateTest.EProcess ? statistic >= limit : statistic <= limit);
        return new(gate.Test, gate.Set, passed, both.Length, won, outcomes.Length - won, statistic, limit);
    }

    /// <summary>McNemar's exact test, one-sided: the chance of so many or more won, were both as good.</summary>
    public static double McNemar(int won, int lost)
    {
        double tail = 0, logChoose = 0;
        for (var k = 0; k <= lost; k++)
        {
            tail += Math.Exp(logChoose - (won + lost) * Math.Log(2));
            logChoose += Math.Log(won + lost - k) - Math.Log(k + 1);
        }
        return Math.Min(1, tail);
    }

    private static GateEvidence? Points(CampaignPlan plan, RoundState kept, RoundState round)
    {
        var set = plan.Gate?.Set ?? EvaluationOptions.HeldOut;
        return plan is { RollbackPoints: { } most, Gate: null or { Test: GateTest.Points } }
            ? Points(set, most, ScoreOf(kept, set), ScoreOf(round, set))
            : null;
    }

    /// <summary>Sets that must not get worse and did, whatever else got better.</summary>
    private static IEnumerable<GateEvidence> LostSets(CampaignPlan plan, CampaignState state, RoundState round) =>
        from set in plan.Sets ?? []
        let most = set.MostPointsLost ?? 100
        where round.Sets.ContainsKey(set.Name)
        let before = state.Rounds.LastOrDefault(r => r.Outcome == RoundOutcome.Kept && r.Sets.ContainsKey(set.Name))
        where before is not null
        select Points(set.Name, most, ScoreOf(before, set.Name), ScoreOf(round, set.Name)) into evidence
        where !evidence.Passed
        select evidence;

    private static GateEvidence Points(string set, double most, TaskScore before, TaskScore after)
    {
        var lost = 100 * (before.Accuracy() - after.Accuracy());
        return new(GateTest.Points, set, !(lost > most), after.Total, 0, 0, lost, most);
    }

    private static TaskScore ScoreOf(RoundState round, string set) =>
        set == EvaluationOptions.HeldOut ? round.HeldOut : round.Sets.GetValueOrDefault(set)?.Right ?? new(0, 0);
}
