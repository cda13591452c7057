using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Judging.Tests.Pairs;

public class RankConsistencyTests
{
    [Theory]
    // Three of three the same way round; none; two of three, τ = (2 - 1) / 3.
    [InlineData(new[] { 3.0, 2, 1 }, new[] { 9.0, 5, 4 }, 1)]
    [InlineData(new[] { 3.0, 2, 1 }, new[] { 4.0, 5, 9 }, 0)]
    [InlineData(new[] { 3.0, 2, 1 }, new[] { 9.0, 4, 5 }, 2 / 3.0)]
    // Equal scores are neither: of three, two agree and one says nothing, τ = 2 / 3.
    [InlineData(new[] { 3.0, 2, 1 }, new[] { 9.0, 5, 5 }, 5 / 6.0)]
    [InlineData(new[] { 1.0, 1 }, new[] { 1.0, 2 }, 0.5)]
    public void Of_two_rankings_is_kendalls_tau_between_0_and_1(double[] now, double[] before, double expected) =>
        Assert.Equal(expected, RankConsistency.Of(Judged(now), Judged(before))!.Value, 12);

    [Fact]
    public void Of_samples_that_one_judge_abstained_on_leaves_them_out()
    {
        Judgement[] before = [new(2, 1, ""), new(1, null, ""), new(0, 2, "")];

        Assert.Equal(1, RankConsistency.Of(Judged([3, 2, 1]), before));
        Assert.Null(RankConsistency.Of(Judged([3, 2]), before));
    }

    private static Judgement[] Judged(double[] scores) => [.. scores.Select((score, index) => new Judgement(index, score, ""))];
}
