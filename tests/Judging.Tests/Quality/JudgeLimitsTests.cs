using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Judging.Tests.Quality;

public sealed class JudgeLimitsTests
{
    private static readonly JudgeFigures Sound = new JudgeQuality().Figures();

    [Fact]
    public void Warnings_of_figures_within_the_limits_are_none()
    {
        Assert.Empty(new JudgeLimits().Warnings(Sound with { Abstentions = new(10, 100), Flips = new(20, 100) }));
    }

    [Fact]
    public void Warnings_name_the_figure_and_the_limit()
    {
        var figures = Sound with
        {
            Length = new(new(800, 1000), []),
            StandardLength = new(new(500, 1000), []),
            Flips = new(400, 1000),
            Abstentions = new(300, 1000),
            Agreement = new(Agree: 600, Contradict: 400),
        };

        Assert.Collection(
            new JudgeLimits(MinimumAgreement: 0.7).Warnings(figures),
            text =>
                Assert.Equal("the longer answer wins 80 % of 1,000 pairs, and should win 50 %; judging.limits.longer-wins is 65 %", text),
            text => Assert.Equal("the order of the answers decides 40 % of 1,000 comparisons; judging.limits.flip-rate is 30 %", text),
            text => Assert.Equal("it abstains on 30 % of 1,000 verdicts; judging.limits.abstentions is 20 %", text),
            text => Assert.Equal("it agrees with the standard on 60 % of 1,000 pairs; judging.limits.minimum-agreement is 70 %", text));
    }

    [Fact]
    public void Warnings_of_a_judge_that_contradicts_the_standard_more_than_chance_say_so_once()
    {
        var figures = Sound with { Agreement = new(Agree: 380, Contradict: 620, TiedByJudge: 500) };

        var text = Assert.Single(new JudgeLimits(MinimumAgreement: 0.7).Warnings(figures));

        Assert.StartsWith(
            "it contradicts the standard on 62 % of 1,000 pairs that both tell apart, more than chance would: most likely better and worse are",
            text,
            StringComparison.Ordinal);
        Assert.Single(new JudgeLimits(1, 1, 1, 0).ForVerifier().Warnings(figures));
    }

    [Theory]
    [InlineData(500, 500)]
    [InlineData(480, 520)]
    [InlineData(2, 4)]
    public void Warnings_of_contradictions_that_chance_explains_are_none(long agree, long contradict)
    {
        Assert.Empty(new JudgeLimits().Warnings(Sound with { Agreement = new(agree, contradict) }));
    }

    [Fact]
    public void Warnings_of_few_pairs_are_none()
    {
        Assert.Empty(
            new JudgeLimits(MinimumAgreement: 0.9).Warnings(Sound with { Flips = new(2, 4), Agreement = new(Agree: 2, Contradict: 1) }));
    }

    [Fact]
    public void Warnings_switched_off_are_none()
    {
        var worst = Sound with
        {
            Length = new(new(1000, 1000), []),
            Flips = new(1000, 1000),
            Abstentions = new(1000, 1000),
            Agreement = new(TiedByJudge: 1000),
        };

        Assert.Empty(new JudgeLimits(1, 1, 1, 0).Warnings(worst));
        Assert.Single(new JudgeLimits(MinimumAgreement: 0.5).ForVerifier().Warnings(worst));
    }
}
