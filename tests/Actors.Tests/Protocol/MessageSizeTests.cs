using System.Collections.Immutable;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Tests;

namespace IterativeDpo.Actors.Tests.Protocol;

/// <summary>
/// The transport drops messages that are too large: none grows with the campaign's age, and what grows with its settings is bounded.
/// </summary>
public sealed class MessageSizeTests
{
    [Theory]
    [InlineData(PairData.Replay)]
    [InlineData(PairData.Accumulated)]
    public void Training_in_round_1000_is_ordered_with_the_pairs_of_the_newest_rounds(PairData data)
    {
        var plan = CampaignSimulator.Plan with { Rounds = 1001, Data = data, Reference = ReferenceOrigin.Ema };
        var ended = Enumerable.Range(0, 1000).Select(number => new RoundState(number, null)
        {
            Pairs = number == 0 ? null : PairsOf(number),
            Outcome = RoundOutcome.Kept,
        });
        var state = CampaignState.Empty with
        {
            Status = CampaignStatus.Running,
            Plan = plan,
            Rounds = [.. ended, new RoundState(1000, CampaignSimulator.AdapterOf(999)) { Pairs = PairsOf(1000) }],
        };

        var order = Round.Due(state).OfType<TrainOrder>().Single();

        var pairs = order.Replay?.Pairs ?? order.Pairs;
        Assert.Equal((Round.MostPairFiles, PairsOf(data == PairData.Replay ? 999 : 1000).Pairs), (pairs.Length, pairs[^1]));
        AssertFits(order);
    }

    [Fact]
    public void Pairs_of_as_many_units_as_a_plan_may_have_are_ordered_in_one_message()
    {
        var digest = Digest.Of([1]);

        AssertFits(
            new PairOrder(
                new WorkId(1000, Stage.Pair, 0),
                [.. Enumerable.Repeat(new JudgedUnit(digest, digest), CampaignPlan.MostUnits)],
                digest,
                new StatisticsOrder(digest)));
    }

    [Fact]
    public void Result_with_as_many_tasks_as_prompts_may_name_is_told_in_one_message()
    {
        var tasks = Tasks(WireFormat.MostBytes * 3 / 4 / (48 + 8));

        AssertFits(new CompleteWork(new JudgeResult(
            new WorkId(1000, Stage.Grade, 0),
            Digest.Of([1]),
            0,
            0,
            tasks.ToImmutableSortedDictionary(task => task, _ => new TaskScore(100_000, 1_000_000)),
            0.1),
        long.MaxValue));
    }

    /// <summary>Names of eight characters.</summary>
    internal static IReadOnlyList<string> Tasks(int count) => [.. Enumerable.Range(0, count).Select(number => $"task{number:D4}")];

    private static PairResult PairsOf(int round) =>
        new(new WorkId(round, Stage.Pair, 0), CampaignSimulator.Named($"pairs {round}"), 4, 0, 0, 1);

    private static void AssertFits(ICampaignMessage message)
    {
        var given = message is WorkOrder order
            ? order with
            {
                Number = long.MaxValue,
                Campaign = new string('c', 100),
                Bundle = Digest.Of([1]),
                TraceParent = new string('0', 55),
            }
            : message;
        Assert.InRange(WireFormat.Write(given).Length, 20_000, WireFormat.MostBytes);
    }
}
