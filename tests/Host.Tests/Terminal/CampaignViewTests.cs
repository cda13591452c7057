using System.Collections.Immutable;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Tests.Terminal;

public sealed class CampaignViewTests : IDisposable
{
    private static readonly Digest Anything = Digest.Of([1]);

    private static readonly CampaignPlan Plan = new(
        "c", Digest.Of("settings"u8), Rounds: 2, Prompts: 100, UnitPrompts: 50, HeldOutPrompts: 10, MaxAttempts: 1,
        PairData.New, PolicyOrigin.Previous, ReferenceOrigin.Previous, RollbackPoints: null);

    private readonly StringWriter _written = new();
    private readonly List<int> _ended = [];

    private string[] Lines => _written.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    public void Dispose() => _written.Dispose();

    [Fact]
    public void Report_ofTheNextUnit_countsTheUnitsBefore()
    {
        var progress = View();
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
        var progress = View();
        progress.Report(new CampaignProgress(InRound(1), null));
        var ended = InRound(1, round => round with { Outcome = RoundOutcome.Skipped, TotalSeconds = 3 });

        progress.Report(new CampaignProgress(ended, null));
        progress.Report(new CampaignProgress(ended, null));

        Assert.Equal(
            ["round 1/2: sampling and judging 0/100", "round 1/2: no pair to train on: skipped, 0 samples, 0 pairs, 3.0 s"],
            Lines);
        Assert.Equal([1], _ended);
    }

    [Fact]
    public void Report_ofARoundThatKeptTies_saysHowMany()
    {
        var progress = View();
        progress.Report(new CampaignProgress(InRound(1), null));

        progress.Report(new CampaignProgress(InRound(1, round => round with
        {
            Pairs = new PairResult(new WorkId(1, Stage.Pair, 0), Anything, 12, 0, 0, 0, TiePairs: 5),
            Outcome = RoundOutcome.Kept,
        }), null));

        Assert.Contains("12 pairs (5 of them ties), ", Lines[^1]);
    }

    [Fact]
    public void Report_whenItStarts_leavesOutRoundsThatEndedBefore()
    {
        var progress = View();

        progress.Report(new CampaignProgress(InRound(2), null));

        Assert.Equal(["round 2/2: sampling and judging 0/100"], Lines);
        Assert.Empty(_ended);
    }

    private CampaignView View() => new(new PlainProgress(_written, TimeProvider.System), round => _ended.Add(round.Number));

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
