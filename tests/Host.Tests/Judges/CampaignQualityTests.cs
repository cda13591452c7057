using System.Collections.Immutable;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Host.Judges;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Host.Tests.Judges;

/// <summary>Judges measured on a round's stored samples and verdicts.</summary>
public sealed class CampaignQualityTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-quality-");
    private readonly ArtifactStore _store;

    public CampaignQualityTests() => _store = new ArtifactStore(_directory.FullName);

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Of_a_round_measures_its_judge_against_the_checks()
    {
        var measured = Assert.Single(
            new CampaignQuality(Options("judging.judges { again { type = verifier } }\njudging.judge = again"), _store).Of(
                Round(longerWins: true)));

        Assert.Equal((1, "again", false), (measured.Round, measured.Judge, measured.Graded));
        Assert.Null(measured.Figures.Agreement);

        measured = Assert.Single(new CampaignQuality(Other(), _store).Of(Round(longerWins: true)));
        Assert.Equal(new Share(0, 40), measured.Figures.Agreement!.Accuracy);
        Assert.Equal(new Share(40, 40), measured.Figures.Length.LongerWins);
        Assert.Equal(new Share(0, 40), measured.Figures.StandardLength!.LongerWins);
        Assert.Equal((41, 1, 2L), (measured.Figures.Prompts, measured.Figures.Failures, measured.Figures.Latency.Count));
        Assert.Contains("the longer answer wins 100 %", measured.Warnings[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_round_whose_judge_labelled_again_says_how_much_is_as_at_first()
    {
        var round = Round(longerWins: true);
        var again = round with
        {
            Anchor = round.Judgements[0] with { Id = new(1, Stage.Anchor, 0), WithFirst = new(Agree: 7, Contradict: 3) },
        };

        Assert.Equal(default, Assert.Single(new CampaignQuality(Other(), _store).Of(round)).AsAtFirst);
        Assert.Equal(new Share(7, 10), Assert.Single(new CampaignQuality(Other(), _store).Of(again)).AsAtFirst);
    }

    [Fact]
    public void Of_a_round_whose_checks_cannot_be_run_counts_its_prompts_without_them()
    {
        var measured = Assert.Single(new CampaignQuality(Other(), _store).Of(Round(longerWins: true, [new("exakt", "yes")])));

        Assert.Equal((41, 1), (measured.Figures.Prompts, measured.Figures.Failures));
        Assert.Null(measured.Figures.Agreement);
    }

    [Fact]
    public void Of_a_round_of_prompts_without_checks_takes_the_default_ones()
    {
        var options = Other();
        options = options with
        {
            Judging = options.Judging with
            {
                Judges = [.. options.Judging.Judges!, new VerifierOptions("verifier", [new("exact", "yes")])],
            },
        };

        var measured = Assert.Single(new CampaignQuality(options, _store).Of(Round(longerWins: true, [])));

        Assert.Equal(new Share(0, 40), measured.Figures.Agreement!.Accuracy);
    }

    [Fact]
    public void Of_a_round_with_a_unit_given_up_counts_its_prompts_as_failed()
    {
        var round = Round(longerWins: false);
        var dropped = round with { Judgements = round.Judgements.Clear(), DroppedUnits = [0] };

        var measured = Assert.Single(new CampaignQuality(Options(""), _store).Of(dropped));

        Assert.Equal((41, 41), (measured.Figures.Prompts, measured.Figures.Failures));
    }

    [Fact]
    public void Of_a_round_with_a_grader_measures_it_too()
    {
        var round = Round(longerWins: false);
        var graded = round with
        {
            Evaluations = round.Evaluations.Add(0, round.Samples[0]),
            Grades = round.Grades.Add(0, round.Judgements[0]),
        };

        var measured = new CampaignQuality(Options("judging.judges { grader { type = verifier } }\nevaluation.judge = grader"), _store).Of(
            graded);

        Assert.Equal([("verifier", false), ("grader", true)], measured.Select(judge => (judge.Judge, judge.Graded)));
    }

    [Fact]
    public async Task Measure_of_a_round_beyond_the_limits_writes_its_warnings()
    {
        var quality = new CampaignQuality(Other(), _store);
        var lines = new List<string>();
        var warnings = new JudgeWarnings(new MeasuredRounds(quality), lines.Add);

        warnings.Measure(Round(longerWins: true));
        await warnings.FinishAsync();

        Assert.Collection(
            lines,
            line => Assert.StartsWith("warning: round 1, judge other: the longer answer wins", line, StringComparison.Ordinal),
            line =>
                Assert.StartsWith(
                    "warning: round 1, judge other: it contradicts the standard on 100 % of 40 pairs",
                    line,
                    StringComparison.Ordinal));
    }

    private CampaignOptions Options(string settings)
    {
        var path = Path.Combine(_directory.FullName, "campaign.conf");
        File.WriteAllText(path, $"campaign {{\nname = test\nmodel = policy.gguf\n{settings}\n}}");
        return CampaignConfiguration.Load(path).Options;
    }

    /// <summary>A judge that is not the verifier.</summary>
    private CampaignOptions Other()
    {
        var options = Options("");
        return options with { Judging = options.Judging with { Judge = "other", Judges = [new OtherOptions("other")] } };
    }

    private sealed record OtherOptions(string Name) : JudgeOptions(Name)
    {
        public override IJudge Create(JudgeFactory factory) => throw new NotSupportedException();
    }

    /// <summary>41 prompts whose right answer is the shorter one; the judge fails on the last.</summary>
    private RoundState Round(bool longerWins, IReadOnlyList<AnswerCheck>? checks = null)
    {
        var prompts = Enumerable.Range(0, 41).Select(i => new PromptSamples(
            new Prompt($"p{i}", null, "?", null, checks ?? [new("exact", "yes")]),
            [1],
            [Answer(0, "yes"), Answer(1, "rather not")]))
        .ToArray();
        PromptVerdict[] verdicts = [.. prompts.Select((prompt, i) => new PromptVerdict(
            prompt.Prompt.Id, i == 40 ? null : new([new(0, longerWins ? 0 : 1, ""), new(1, longerWins ? 1 : 0, "")])))];
        var round = new RoundState(1, null);
        return round with
        {
            Samples = round.Samples.Add(0, new SampleResult(
                new(1, Stage.Sample, 0), _store.Put(stream => SampleFile.Write(stream, prompts)), 41, 82, 100, 0.1, 1)),
            Judgements = round.Judgements.Add(0, new JudgeResult(
                new(1, Stage.Judge, 0), _store.Put(stream => VerdictFile.Write(stream, verdicts)), 0, 1,
                ImmutableSortedDictionary<string, TaskScore>.Empty, 1, null, Latency.Of([0.1, 0.2]))),
        };
    }

    private static Sample Answer(int index, string text) => new(index, 0, [], [], text, FinishReason.Eos, 0);
}
