using System.Collections.Immutable;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public sealed class ChaosBenchmarkTests
{
    private static readonly DateTimeOffset s_at = DateTimeOffset.UnixEpoch;
    private static readonly CampaignEvent s_round = new RoundStarted(0, null, s_at);

    [Fact]
    public void Compare_sameUnits_isWell() => Assert.True(Compare([s_round, Evaluated(0), Evaluated(1)], [s_round, Evaluated(1), Evaluated(0)]).IsWell);

    [Fact]
    public void Compare_aUnitThatOnlyTheQuietRunHas_isLost() => Assert.Equal(1, Compare([s_round, Evaluated(0)], [s_round, Evaluated(0), Evaluated(1)]).LostUnits);

    [Fact]
    public void Compare_aUnitThatCountsTwice_isDouble() => Assert.Equal(1, Compare([s_round, Evaluated(0), Evaluated(0)], [s_round, Evaluated(0)]).DoubleUnits);

    [Fact]
    public void Compare_aPause_isUnexplained() => Assert.Equal(1, Compare([s_round, new CampaignPaused("why", s_at)], [s_round]).UnexplainedPauses);

    [Fact]
    public void Compare_otherResults_areNotEqual() => Assert.False(Compare([s_round, Evaluated(0)], [s_round, Evaluated(0, tokens: 9)]).FinalEqualsQuietRun);

    private static ChaosResult Compare(CampaignEvent[] chaos, CampaignEvent[] quiet) =>
        ChaosBenchmark.Compare(ImmutableDictionary<string, int>.Empty, 1, chaos, quiet);

    private static WorkCompleted Evaluated(int unit, long tokens = 8) =>
        new(new SampleResult(new WorkId(0, Stage.Evaluate, unit), Digest.Of([1]), 1, 1, tokens, 0.5, 1), s_at);
}
