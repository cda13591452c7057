using System.Collections.Immutable;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public sealed class ChaosResultTests
{
    private static readonly DateTimeOffset s_at = DateTimeOffset.UnixEpoch;

    /// <summary>Of which the base is evaluated in two units.</summary>
    private static readonly CampaignStarted s_start = new(
        new CampaignPlan(
            "chaos",
            Digest.Of("settings"u8),
            2,
            20,
            10,
            20,
            1,
            PairData.New,
            PolicyOrigin.Previous,
            ReferenceOrigin.Previous,
            null),
        s_at);

    private static readonly CampaignEvent s_round = new RoundStarted(0, null, s_at);

    [Fact]
    public void Compare_sameUnits_isWell() =>
        Assert.True(Compare([s_round, Evaluated(0), Evaluated(1)], [s_round, Evaluated(1), Evaluated(0)]).IsWell);

    [Fact]
    public void Compare_aUnitThatOnlyTheQuietRunHas_isLost() =>
        Assert.Equal(1, Compare([s_round, Evaluated(0)], [s_round, Evaluated(0), Evaluated(1)]).LostUnits);

    [Fact]
    public void Compare_aUnitThatIsAcceptedTwice_isDouble() =>
        Assert.Equal(
            (1, false),
            Compare([s_round, Evaluated(0), Evaluated(0)], [s_round, Evaluated(0)]) is var result
                ? (result.DoubleUnits, result.IsWell)
                : default);

    [Fact]
    public void Compare_aUnitThatIsDueAgain_isNotDouble()
    {
        CampaignEvent lost = new ArtifactLost(Evaluated(0).Result is SampleResult sampled ? sampled.Samples : default, s_at);

        Assert.Equal(0, Compare([s_round, Evaluated(0), lost, Evaluated(0)], [s_round, Evaluated(0)]).DoubleUnits);
    }

    [Fact]
    public void Compare_unitsThatWereDoneAgain_areCounted()
    {
        var done = new Dictionary<WorkId, int> { [new(0, Stage.Evaluate, 0)] = 3, [new(0, Stage.Evaluate, 1)] = 1 };

        Assert.Equal(2, ChaosResult.Compare(ImmutableDictionary<string, int>.Empty, 1, [], [], done).RepeatedUnits);
    }

    [Fact]
    public void Compare_faults_areSummed() =>
        Assert.Equal(
            5,
            ChaosResult
                .Compare(
                    new Dictionary<string, int> { ["drain"] = 2, ["kill_worker"] = 3 },
                    1,
                    [],
                    [],
                    ImmutableDictionary<WorkId, int>.Empty)
                .FaultsTotal);

    [Fact]
    public void Compare_aPause_isUnexplained() =>
        Assert.Equal(1, Compare([s_round, new CampaignPaused("why", s_at)], [s_round]).UnexplainedPauses);

    [Fact]
    public void Compare_otherResults_areNotEqual() =>
        Assert.False(Compare([s_round, Evaluated(0)], [s_round, Evaluated(0, tokens: 9)]).FinalEqualsQuietRun);

    private static ChaosResult Compare(CampaignEvent[] chaos, CampaignEvent[] quiet) =>
        ChaosResult.Compare(
            ImmutableDictionary<string, int>.Empty,
            1,
            [s_start, .. chaos],
            [s_start, .. quiet],
            ImmutableDictionary<WorkId, int>.Empty);

    private static WorkCompleted Evaluated(int unit, long tokens = 8) =>
        new(new SampleResult(new WorkId(0, Stage.Evaluate, unit), Digest.Of([(byte)unit]), 1, 1, tokens, 0.5, 1), s_at);
}
