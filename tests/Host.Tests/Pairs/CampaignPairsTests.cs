using System.Collections.Immutable;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Host.Pairs;
using IterativeDpo.Host.Tests.Report;
using IterativeDpo.Judging;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Tests.Pairs;

public sealed class CampaignPairsTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-pairs-");
    private readonly ArtifactStore _store;

    public CampaignPairsTests() => _store = new ArtifactStore(_directory.FullName);

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Read_goes_through_the_rounds_in_order()
    {
        Assert.Equal(["1:p0:0:1", "1:p1:0:1", "2:p0:0:1"], Ids(new()));
        Assert.Equal(["2:p0:0:1"], Ids(new(Round: 2)));
    }

    [Fact]
    public void Read_takes_what_matches()
    {
        Assert.Equal(["1:p1:0:1"], Ids(new(Prompt: "p1")));
        Assert.Equal(["1:p1:0:1"], Ids(new(Contains: "GOOD 1")));
        Assert.Equal(3, Ids(new(Task: "capitals", Judge: "verifier", MinMargin: 1)).Length);
        Assert.Empty(Ids(new(MinMargin: 1.5)));
        Assert.Empty(Ids(new(Contains: "nowhere")));
    }

    [Fact]
    public void Filter_by_judge_goes_by_its_name_alone()
    {
        var record = SyntheticReport.Pair(1, "?", "good", "bad");
        bool Matches(string judge) =>
            new PairFilter(Judge: judge).Matches(record.Pair, record.Provenance! with { Judge = "small (llm of a.gguf, 0a1b2c3d4e5f)" });

        Assert.True(Matches("small"));
        Assert.False(Matches("sma"));
    }

    [Fact]
    public void Read_of_what_is_not_there_names_the_nearest()
    {
        Assert.Contains("did you mean capitals?", Error(() => Ids(new(Task: "capitols"))), StringComparison.Ordinal);
        Assert.Contains("did you mean verifier?", Error(() => Ids(new(Judge: "verifyer"))), StringComparison.Ordinal);
        Assert.Contains("rounds 1, 2", Error(() => Ids(new(Round: 7))), StringComparison.Ordinal);
    }

    [Fact]
    public void Find_gives_the_pair_of_this_id()
    {
        Assert.Equal("good 1", Campaign().Find("1:p1:0:1").Source.ChosenText);
    }

    /// <summary>Of answers of the first round, judged by people while the second one ran.</summary>
    [Fact]
    public void Find_gives_a_pair_that_was_judged_late_and_lies_with_the_next_rounds()
    {
        var late = _store.Put(stream => PairFile.Write(stream, [Pair(1, 5)]));
        var second = Round(2, prompts: 1);
        var pairs = new CampaignPairs(
            "state",
            [Round(1, prompts: 2), second with { Pairs = second.Pairs! with { Pairs = late, PairCount = 1 } }],
            Campaign().Options,
            _store);

        Assert.Equal("good 5", pairs.Find("1:p5:0:1").Source.ChosenText);
    }

    [Fact]
    public void Find_of_what_is_not_there_names_what_is_near()
    {
        Assert.Contains("ROUND:PROMPT:CHOSEN:REJECTED", Error(() => Campaign().Find("p1")), StringComparison.Ordinal);
        Assert.Contains("of this prompt and round there are 1:p1:0:1", Error(() => Campaign().Find("1:p1:3:4")), StringComparison.Ordinal);
        Assert.Contains("did you mean p", Error(() => Campaign().Find("1:p7:0:1")), StringComparison.Ordinal);
        Assert.Contains("no pairs of round 9", Error(() => Campaign().Find("9:p1:0:1")), StringComparison.Ordinal);
    }

    [Fact]
    public void Dropped_says_why_a_prompt_gave_no_pair()
    {
        var campaign = Campaign();

        var dropped = campaign.Rounds(1).SelectMany(round => DroppedPrompts.Of(campaign, round, new()));

        Assert.Equal(
            [
                ("tied", "1 ties"),
                ("equal", "1 of equal text"),
                ("single", "fewer than two samples have a score"),
                ("failed", "the judge failed: no answer"),
            ],
            dropped.Select(prompt => (prompt.PromptId, prompt.Reason)));
    }

    [Fact]
    public void Whole_shows_what_the_judge_was_asked_and_both_orders()
    {
        var pair = Pair(1, 0);
        var judged = pair with
        {
            Provenance = pair.Provenance! with
            {
                ChosenJudgement = new(0, 1, "it is polite", [new("Is it polite?", "yes")]),
                Comparison = new(0, 1, Preference.First, 0.8, "clearer", Forward: 0.9, Backward: 0.7, [new("Which is better?", "A")]),
            },
        };

        var text = string.Join('\n', PairText.Whole(FoundPair.Of(judged)));

        Assert.All(
            [
                "pair        1:p0:0:1",
                "good 0",
                "bad 0",
                "it is polite",
                "Is it polite?",
                "shown first 0.9, shown second 0.7",
                "Which is better?",
                "seed 123456789abcdef0",
            ],
            part => Assert.Contains(part, text, StringComparison.Ordinal));
    }

    private static string Error(Func<object> action) => Assert.Throws<UserInputException>(action).Message;

    private string[] Ids(PairFilter filter) => [.. Campaign().Read(filter).Select(found => found.Id.ToString())];

    private CampaignPairs Campaign()
    {
        var path = Path.Combine(_directory.FullName, "campaign.conf");
        File.WriteAllText(path, "campaign { name = test, model = policy.gguf }");
        return new("state", [Round(1, prompts: 2), Round(2, prompts: 1)], CampaignConfiguration.Load(path).Options, _store);
    }

    private RoundState Round(int number, int prompts)
    {
        PromptSamples[] samples =
        [
            .. Enumerable.Range(0, prompts).Select(i => Of($"p{i}", "good", "bad")),
            Of("tied", "a", "b"),
            Of("equal", "a", "a"),
            Of("single", "a", "b"),
            Of("failed", "a", "b"),
        ];
        PromptVerdict[] verdicts = [.. samples.Select(prompt => new PromptVerdict(prompt.Prompt.Id, prompt.Prompt.Id switch
        {
            "tied" => Scores(1, 1),
            "single" => Scores(1, null),
            "failed" => null,
            _ => Scores(1, 0),
        }, prompt.Prompt.Id == "failed" ? "no answer" : null))];
        var round = new RoundState(number, null);
        return round with
        {
            Samples = round.Samples.Add(0, new SampleResult(
                new(number, Stage.Sample, 0),
                _store.Put(stream => SampleFile.Write(stream, samples)),
                samples.Length,
                2 * samples.Length,
                9,
                0.1,
                1)),
            Judgements = round.Judgements.Add(0, new JudgeResult(
                new(number, Stage.Judge, 0),
                _store.Put(stream => VerdictFile.Write(stream, verdicts)),
                0,
                1,
                ImmutableSortedDictionary<string, TaskScore>.Empty,
                1)),
            Pairs = new PairResult(
                new(number, Stage.Pair, 0),
                _store.Put(stream => PairFile.Write(stream, Enumerable.Range(0, prompts).Select(i => Pair(number, i)))),
                prompts,
                1,
                4,
                1),
        };
    }

    private static PairRecord Pair(int round, int prompt)
    {
        var record = SyntheticReport.Pair(round, "?", $"good {prompt}", $"bad {prompt}");
        return new(record.Pair with { PromptId = $"p{prompt}" }, record.Provenance! with { ChosenIndex = 0, RejectedIndex = 1 });
    }

    private static PromptSamples Of(string id, params string[] texts) =>
        new(
            new Prompt(id, null, "?", null, []),
            [1],
            [.. texts.Select((text, i) => new Sample(i, 0, [i], [0], text, FinishReason.Eos, 0))]);

    private static Verdict Scores(params double?[] scores) => new([.. scores.Select((score, i) => new Judgement(i, score, ""))]);
}
