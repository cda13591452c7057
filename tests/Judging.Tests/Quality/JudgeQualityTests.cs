using IterativeDpo.Generation;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Judging.Tests.Quality;

public sealed class JudgeQualityTests
{
    private static readonly PromptSamples Three = Samples.OfPrompt("p", "a", "bbb", "cccccc");

    [Fact]
    public void Agreement_counts_what_the_standard_tells_apart()
    {
        // The judge: 1 > 0, 1 = 2, 2 > 0. The standard: 0 < 1, 1 < 2, 0 = 2.
        var figures = Measure(
            (Three, Scores(0, 1, 1), Compared((0, 1, Preference.Second), (1, 2, Preference.Second), (0, 2, Preference.Tie))));

        Assert.Equal(new Agreement(Agree: 1, TiedByJudge: 1, TiedByStandard: 1), figures.Agreement);
        Assert.Equal(new Share(1, 2), figures.Agreement!.Accuracy);
    }

    [Fact]
    public void Agreement_without_a_standard_is_null()
    {
        Assert.Null(Measure((Three, Scores(0, 1, 2), null)).Agreement);
    }

    [Fact]
    public void Agreement_with_an_abstaining_judge_is_no_accuracy()
    {
        var agreement = Measure((Three, Scores(null, null, null), Scores(0, 1, 2))).Agreement!;

        Assert.Equal((3, 0), (agreement.Abstained, agreement.Accuracy.Of));
    }

    [Fact]
    public void Pairs_of_equal_texts_count_for_nothing()
    {
        var figures = Measure((Samples.OfPrompt("p", "a", "a"), Scores(0, 1), Scores(1, 0)));

        Assert.Equal((0, 0), (figures.Ties.Of, figures.Length.LongerWins.Of));
        Assert.Null(figures.Agreement);
    }

    [Fact]
    public void Length_counts_wins_of_the_longer_by_ratio()
    {
        // 3 to 1 and 6 to 1 won by the longer, 6 to 3 by the shorter.
        var length = Measure((Three, Scores(0, 2, 1), null)).Length;

        Assert.Equal(new Share(2, 3), length.LongerWins);
        Assert.Equal(
            [(2, new Share(0, 1)), (4, new Share(1, 1)), (null, new Share(1, 1))],
            length.ByRatio.Where(bucket => bucket.LongerWins.Of > 0).Select(bucket => (bucket.UpTo, bucket.LongerWins)));
    }

    [Fact]
    public void Length_is_in_tokens_where_all_samples_have_them()
    {
        var samples = new PromptSamples(
            Three.Prompt,
            [],
            [Samples.Of(0, "long text") with { TokenIds = [1] }, Samples.Of(1, "short") with { TokenIds = [1, 2] }]);

        Assert.Equal(new Share(1, 1), Measure((samples, Scores(0, 1), null)).Length.LongerWins);
        Assert.Equal(new Share(0, 1), Measure((Without(samples), Scores(0, 1), null)).Length.LongerWins);
    }

    [Fact]
    public void Length_is_that_of_the_answer_without_what_was_thought_before()
    {
        var samples = new PromptSamples(
            Three.Prompt,
            [],
            [
                Samples.Of(0, "<think>long</think>a") with
                {
                    TokenIds = [1, 2, 3, 4],
                    Thoughts = 3,
                    AnswerAt = 19,
                },
                Samples.Of(1, "ab") with
                {
                    TokenIds = [1, 2],
                },
            ]);

        Assert.Equal(new Share(1, 1), Measure((samples, Scores(0, 1), null)).Length.LongerWins);
        Assert.Equal(new Share(1, 1), Measure((Without(samples), Scores(0, 1), null)).Length.LongerWins);
    }

    [Fact]
    public void Length_of_the_standard_is_beside_that_of_the_judge()
    {
        var figures = Measure((Three, Scores(0, 1, 2), Scores(2, 1, 0)));

        Assert.Equal((new Share(3, 3), new Share(0, 3)), (figures.Length.LongerWins, figures.StandardLength!.LongerWins));
    }

    [Fact]
    public void Flips_are_comparisons_whose_winner_depends_on_the_order()
    {
        var figures = Measure((Three, new Verdict(Scores(null, null, null).Judgements,
        [
            new(0, 1, Preference.Tie, 0.5, "", Forward: 0.9, Backward: 0.2),
            new(0, 2, Preference.Tie, 0.5, "", Forward: 0.4, Backward: 0.7),
            new(1, 2, Preference.First, 0.8, "", Forward: 0.9, Backward: 0.7),
        ]), null));

        Assert.Equal((new Share(2, 3), new Share(1, 2)), (figures.Flips, figures.FlipsToFirst));
        Assert.Equal(new Share(2, 3), figures.Ties);
    }

    [Fact]
    public void Flips_of_comparisons_in_one_order_are_none()
    {
        var verdict = new Verdict([], [new(0, 1, Preference.First, 0.9, "", Forward: 0.9)]);

        Assert.Equal(default, Measure((Three, verdict, null)).Flips);
    }

    [Fact]
    public void Abstentions_of_a_judge_that_compares_are_of_comparisons()
    {
        var verdict = new Verdict(
            Scores(null, null, null).Judgements,
            [new(0, 1, Preference.Abstained, 0.5, ""), new(0, 2, Preference.First, 1, "")]);

        Assert.Equal(new Share(1, 2), Measure((Three, verdict, null)).Abstentions);
        Assert.Equal(new Share(1, 3), Measure((Three, Scores(1, null, 0), null)).Abstentions);
    }

    [Fact]
    public void Self_preference_is_over_pairs_of_the_own_model_with_another()
    {
        var samples = Three with
        {
            Samples =
            [
                Three.Samples[0] with
                {
                    Model = "me",
                },
                Three.Samples[1] with
                {
                    Model = "you",
                },
                Three.Samples[2] with
                {
                    Model = "me",
                },
            ],
        };
        var quality = new JudgeQuality("me");

        quality.Add(samples, new PromptVerdict("p", Scores(2, 1, 0)));

        Assert.Equal(new Share(1, 2), quality.Figures().SelfPreference);
    }

    [Fact]
    public void Failures_and_costs_add_up()
    {
        var quality = new JudgeQuality();
        quality.Add(Three, new PromptVerdict("p", Scores(1, 2, 3) with { Usage = new(2, 1, 30, 4) }));
        quality.Add(Three, new PromptVerdict("q", Scores(1, 2, 3) with { Usage = new(1, 0, 10, 2) }));
        quality.Add(Three, new PromptVerdict("r", null, "no answer"));

        var figures = quality.Figures();

        Assert.Equal((3, 1, 6L), (figures.Prompts, figures.Failures, figures.Samples));
        Assert.Equal(new JudgeUsage(3, 1, 40, 6), figures.Usage);
    }

    private static JudgeFigures Measure(params (PromptSamples Samples, Verdict Verdict, Verdict? Standard)[] prompts)
    {
        var quality = new JudgeQuality();
        foreach (var (samples, verdict, standard) in prompts)
        {
            quality.Add(samples, new PromptVerdict(samples.Prompt.Id, verdict), standard);
        }
        return quality.Figures();
    }

    private static Verdict Scores(params double?[] scores) => new([.. scores.Select((score, i) => new Judgement(i, score, ""))]);

    private static Verdict Compared(params (int First, int Second, Preference Preference)[] pairs) =>
        new([], [.. pairs.Select(pair => new Comparison(pair.First, pair.Second, pair.Preference, 0.5, ""))]);

    private static PromptSamples Without(PromptSamples samples) =>
        samples with { Samples = [.. samples.Samples.Select(sample => sample with { TokenIds = [] })] };
}
