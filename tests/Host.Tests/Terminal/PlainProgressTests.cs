using System.Collections.Immutable;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Tests.Terminal;

public sealed class PlainProgressTests : IDisposable
{
    private static readonly Digest Anything = Digest.Of([1]);

    private static readonly CampaignPlan Plan = new(
        "c", Digest.Of("settings"u8), Rounds: 2, Prompts: 100, UnitPrompts: 50, HeldOutPrompts: 10, MaxAttempts: 1,
        PairData.New, PolicyOrigin.Previous, ReferenceOrigin.Previous, RollbackPoints: null);

    private readonly StringWriter _written = new();

    private string[] Lines => _written.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    public void Dispose() => _written.Dispose();

    [Fact]
    public void Report_whileAStageGoesOn_writesOneLineUntilTheIntervalIsOver()
    {
        var progress = new PlainProgress(_written, TimeProvider.System);
        var state = InRound(1);

        progress.Report(new CampaignProgress(state, Work(Stage.Sample, done: 1)));
        progress.Report(new CampaignProgress(state, Work(Stage.Sample, done: 2)));

        Assert.Equal(["round 1/2: sampling and judging 1/100, 20 tokens/s"], Lines);
    }

    [Fact]
    public void Report_ofTheNextUnit_countsTheUnitsBefore()
    {
        var progress = new PlainProgress(_written, TimeProvider.System);
        var state = InRound(1, round => round with
        {
            Samples = round.Samples.Add(0, new SampleResult(new WorkId(1, Stage.Sample, 0), Anything, 50, 400, 900, 0, Seconds: 9)),
        });

        progress.Report(new CampaignProgress(state, Work(Stage.Sample, done: 5)));

        Assert.Equal(["round 1/2: sampling and judging 55/100, 92 tokens/s"], Lines);
    }

    [Fact]
    public void Report_ofARoundThatEnded_writesWhatCameOfIt()
    {
        var progress = new PlainProgress(_written, TimeProvider.System);
        progress.Report(new CampaignProgress(InRound(1), null));
        var ended = InRound(1, round => round with { Outcome = RoundOutcome.Skipped, TotalSeconds = 3 });

        progress.Report(new CampaignProgress(ended, null));

        Assert.Equal("round 1/2: no pair to train on: skipped, 0 samples, 0 pairs, 3.0 s", Lines[^1]);
    }

    [Fact]
    public void Report_whenItStarts_leavesOutRoundsThatEndedBefore()
    {
        var progress = new PlainProgress(_written, TimeProvider.System);

        progress.Report(new CampaignProgress(InRound(2), null));

        Assert.Equal(["round 2/2: sampling and judging 0/100"], Lines);
    }

    private static WorkProgress Work(Stage stage, int done) =>
        new(new WorkId(1, stage, 1), done, 50, Tokens: 20, Seconds: 1, ImmutableSortedDictionary<string, double>.Empty);

    /// <summary>A campaign in this round, the ones before it kept.</summary>
    private static CampaignState InRound(int number, Func<RoundState, RoundState>? change = null) => CampaignState.Empty with
    {
        Status = CampaignStatus.Running,
        Plan = Plan,
        Rounds =
        [
            .. Enumerable.Range(0, number).Select(i => new RoundState(i, null) { Outcome = RoundOutcome.Kept }),
            (change ?? (round => round))(new RoundState(number, null)),
        ],
    };
}
