using System.Collections.Immutable;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Report;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Tests.Report;

/// <summary>From a campaign's state to the summary and the report's data.</summary>
public sealed class ReportBuilderTests : IDisposable
{
    private static readonly Digest None = Digest.Of([]);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-report-");
    private readonly ArtifactStore _store;

    public ReportBuilderTests()
    {
        _store = new ArtifactStore(_directory.FullName);
        _store.Put(ReadOnlyMemory<byte>.Empty);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Summary_of_a_round_adds_up_its_units()
    {
        var round = Summary(Base(), Round(1, right: 9, RoundOutcome.Kept)).Rounds.Single();

        Assert.Equal((1, 20, 160, 1600L), (round.Round, round.Prompts, round.Samples, round.GeneratedTokens));
        Assert.Equal((130, 7, 4), (round.Pairs, round.Ties, round.Dropped));
        Assert.Equal((5, 0.6, 0.5), (round.Train!.Steps, round.Train.Loss, round.Train.RewardsMargins));
        Assert.Equal(0.9, round.Eval.HeldoutAccuracy);
        Assert.Equal(new SecondsSummary(2, 3, 3, 0.5, 1.5, 11), round.Seconds);
    }

    [Fact]
    public void Summary_final_is_the_last_kept_round()
    {
        var summary = Summary(Base(), Round(1, right: 8, RoundOutcome.Kept), Round(2, right: 2, RoundOutcome.RolledBack));

        Assert.Equal((0.5, 0.8), (summary.Baseline.HeldoutAccuracy, summary.Final.HeldoutAccuracy));
    }

    [Fact]
    public void Summary_leaves_out_a_round_that_still_runs()
    {
        Assert.Empty(Summary(Base(), new RoundState(1, null)).Rounds);
    }

    [Fact]
    public void Summary_round_without_pairs_has_no_training()
    {
        var round = Summary(Base(), Round(1, right: 5, RoundOutcome.Skipped) with { Training = null, Pairs = null }).Rounds.Single();

        Assert.Equal((null, null, 0), (round.Train, round.AdapterSha256, round.Pairs));
    }

    [Fact]
    public void Build_reads_the_steps_of_each_round()
    {
        var details = Build(Base(), Round(1, right: 9, RoundOutcome.RolledBack)).Rounds;

        Assert.Equal(["base", "rolled back"], details.Select(detail => detail.Outcome));
        Assert.Empty(details[0].Steps);
        Assert.Equal(0.25, details[1].Steps.Single().Metrics["loss"]);
    }

    [Fact]
    public void Divergence_that_was_measured_is_in_line_summary_and_report()
    {
        var round = Round(1, right: 9, RoundOutcome.Kept);
        RoundState[] rounds =
        [
            Base(),
            round with
            {
                Evaluations = round.Evaluations.SetItem(0, round.Evaluations[0] with { Divergence = new(8, 40, 10) }),
            },
        ];

        Assert.Contains(", KL 1.25, ", RoundLine.Of(State(rounds), 1), StringComparison.Ordinal);
        Assert.Contains(
            "stop.kl is 1",
            RoundLine.Of(State(rounds) with { Plan = State(rounds).Plan! with { StopKl = 1 } }, 1),
            StringComparison.Ordinal);
        Assert.Equal(new KlSummary(1.25, 0.25, 8), Summary(rounds).Rounds[0].Eval.Kl);
        Assert.Equal([0, 1.25], Build(rounds).Rounds.Select(detail => detail.Kl!.Value));
        Assert.Contains("Divergence from the base", ReportHtml.Render(Build(rounds)), StringComparison.Ordinal);
        Assert.DoesNotContain("Divergence from the base", ReportHtml.Render(Build(Base(), round)), StringComparison.Ordinal);
    }

    [Fact]
    public void Build_takes_pairs_from_all_over_the_round()
    {
        var pairs = Build(Base(), Round(1, right: 9, RoundOutcome.Kept)).Pairs;

        Assert.InRange(pairs.Count, 30, 60);
        Assert.Equal("0", pairs[0].Provenance!.ChosenText);
        Assert.InRange(int.Parse(pairs[^1].Provenance!.ChosenText), 120, 129);
    }

    [Fact]
    public void Build_missing_artifact_is_named()
    {
        var round = Round(1, right: 9, RoundOutcome.Kept);
        var missing = round with { Training = round.Training! with { History = Digest.Of([1]) } };

        Assert.Contains(
            Digest.Of([1]).Hex,
            Assert.Throws<StorageException>(() => Build(Base(), missing)).Message,
            StringComparison.Ordinal);
    }

    private static CampaignSummary Summary(params RoundState[] rounds) =>
        SummaryBuilder.Build(State(rounds), "state", new Dictionary<string, string>());

    private ReportData Build(params RoundState[] rounds)
    {
        var path = Path.Combine(_directory.FullName, "campaign.conf");
        File.WriteAllText(path, "campaign { name = test, model = policy.gguf }");
        return ReportBuilder.Build(State(rounds), Summary(rounds), CampaignConfiguration.Load(path).Options, _store);
    }

    private static CampaignState State(RoundState[] rounds) => new()
    {
        Plan = new CampaignPlan(
            "test",
            Digest.Of("settings"u8),
            2,
            20,
            10,
            10,
            1,
            PairData.New,
            PolicyOrigin.Previous,
            ReferenceOrigin.Previous,
            null),
        Rounds = [.. rounds],
    };

    private static RoundState Base() => Evaluated(new RoundState(0, null), right: 5) with { Outcome = RoundOutcome.Kept };

    private static RoundState Evaluated(RoundState round, int right)
    {
        var scores = ImmutableSortedDictionary<string, TaskScore>.Empty.Add("add", new TaskScore(right, 10));
        return round with
        {
            Evaluations = round.Evaluations.Add(0, new SampleResult(new(round.Number, Stage.Evaluate, 0), None, 10, 10, 80, 0.3, 1)),
            Grades = round.Grades.Add(0, new JudgeResult(new(round.Number, Stage.Grade, 0), None, 0, 0, scores, 0.5)),
        };
    }

    private RoundState Round(int number, int right, RoundOutcome outcome)
    {
        WorkId Id(Stage stage, int unit = 0) => new(number, stage, unit);
        var metrics = new Dictionary<string, double>
        {
            ["loss"] = 0.6,
            ["rewards/margins"] = 0.5,
            ["rewards/accuracies"] = 0.7,
            ["rewards/chosen"] = 0.2,
            ["rewards/rejected"] = -0.3,
        }.ToImmutableSortedDictionary();
        var round = Evaluated(new RoundState(number, null), right);
        return round with
        {
            Samples = round.Samples
                .Add(0, new SampleResult(Id(Stage.Sample), None, 10, 80, 800, 0.4, 1))
                .Add(1, new SampleResult(Id(Stage.Sample, 1), None, 10, 80, 800, 0.4, 1)),
            Judgements = round.Judgements.Add(
                0,
                new JudgeResult(Id(Stage.Judge), None, 0, 1, ImmutableSortedDictionary<string, TaskScore>.Empty, 2)),
            Pairs = new PairResult(Id(Stage.Pair), StorePairs(number), 130, 7, 3, 1),
            Training = new TrainResult(Id(Stage.Train), None, StoreHistory(), 5, metrics, 3),
            Publication = new PublishResult(Id(Stage.Publish), None, 0.5),
            Outcome = outcome,
            TotalSeconds = 11,
        };
    }

    private Digest StoreHistory() => _store.Put(stream => MetricsLog.Write(
        stream, [new(1, 1, new Dictionary<string, double> { ["loss"] = 0.25 })]));

    private Digest StorePairs(int round) =>
        _store.Put(stream =>
            PairFile.Write(stream, Enumerable.Range(0, 130).Select(i => SyntheticReport.Pair(round, "prompt", $"{i}", "no"))));
}
