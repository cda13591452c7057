using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Judging.Tests.Pairs;

public class PairSelectorTests
{
    [Fact]
    public void Select_bestWorst_takesTheWidestPairOnly()
    {
        var selection = Select(new(PairStrategy.BestWorst, 5), ("a", 0.5), ("b", 1), ("c", 0.2), ("d", 0.7));

        Assert.Equal([new SelectedPair("p", 1, 2, 1, 0.2)], selection.Pairs);
    }

    [Fact]
    public void Select_bestWorstOfEqualTexts_takesTheNextWidest()
    {
        var selection = Select(new(PairStrategy.BestWorst), ("a", 1), ("a", 0), ("b", 0.4));

        Assert.Equal([new SelectedPair("p", 0, 2, 1, 0.4)], selection.Pairs);
    }

    [Fact]
    public void Select_bestRandom_takesDistinctWrongOnesAgainstOneBest()
    {
        var selection = Select(new(PairStrategy.BestRandom, 2), ("a", 1), ("b", 0), ("b", 0), ("c", 0), ("d", 0.5), ("e", 1));

        Assert.Equal(2, selection.Pairs.Count);
        Assert.Single(selection.Pairs.Select(pair => pair.ChosenIndex).Distinct());
        Assert.All(selection.Pairs, pair => Assert.Equal(1, pair.ChosenScore));
    }

    [Fact]
    public void Select_bestRandomOverManySeeds_reachesEveryWrongOne()
    {
        var rejected = Enumerable.Range(0, 100).SelectMany(seed => Select(new(PairStrategy.BestRandom, 1), (ulong)seed, ("a", 1), ("b", 0), ("c", 0), ("d", 0.5)).Pairs);

        Assert.Equal([1, 2, 3], rejected.Select(pair => pair.RejectedIndex).Distinct().Order());
    }

    [Fact]
    public void Select_allAboveMargin_takesEveryPairThatFarApart()
    {
        var selection = Select(new(PairStrategy.AllAboveMargin, 100, 0.5), ("a", 0), ("b", 0.4), ("c", 0.5), ("d", 1));

        Assert.Equal([(2, 0), (3, 0), (3, 1), (3, 2)], selection.Pairs.Select(pair => (pair.ChosenIndex, pair.RejectedIndex)).Order());
        Assert.Equal(2, selection.Counts.WithinMargin);
    }

    [Fact]
    public void Select_equalScores_isZeroSignalAndCountsTies()
    {
        var selection = Select(new(), ("a", 1), ("b", 1), ("b", 1));

        Assert.Equal(new PairSelectionCounts(Prompts: 1, ZeroSignal: 1, Ties: 2, Duplicates: 1), selection.Counts);
        Assert.Empty(selection.Pairs);
    }

    [Fact]
    public void Select_equalUpToTheTrainersCut_isADuplicate()
    {
        var selection = Select(new(MaxCompletionTokens: 3), ("abcX", 1), ("abcY", 0));

        Assert.Equal(new PairSelectionCounts(Prompts: 1, ZeroSignal: 1, Duplicates: 1), selection.Counts);
    }

    [Fact]
    public void Select_differentBeforeTheTrainersCut_isAPair() =>
        Assert.Single(Select(new(MaxCompletionTokens: 3), ("abX", 1), ("abY", 0)).Pairs);

    [Fact]
    public void Select_judgeAbstained_countsThePrompt()
    {
        var selection = Select(new(), ("a", 1), ("b", null));

        Assert.Equal(new PairSelectionCounts(Prompts: 1, Abstained: 1), selection.Counts);
    }

    [Fact]
    public void Select_judgementsInAnyOrder_goByTheSampleIndex()
    {
        var samples = Samples.OfPrompt("p", "a", "b");
        Verdict verdict = new([new(1, 1, ""), new(0, 0, "")]);

        Assert.Equal([new SelectedPair("p", 1, 0, 1, 0)], PairSelector.Select(samples, verdict, new(), 1).Pairs);
    }

    [Theory]
    [InlineData(0, double.NaN)]
    [InlineData(1, 0.5)]
    public void Select_scoreThatIsNoneOrTwice_isRefused(int index, double score)
    {
        Verdict verdict = new([new(1, 1, ""), new(index, score, "")]);

        Assert.Throws<ArgumentException>(() => PairSelector.Select(Samples.OfPrompt("p", "a", "b"), verdict, new(), 1));
    }

    [Fact]
    public void Select_manyPrompts_givesEachWhatItGetsAlone()
    {
        var prompts = Enumerable.Range(0, 10).Select(i => (Samples.OfPrompt($"p{i}", "a", "b", "c", "d"), Scores(1, 0, 0, 0.5))).ToArray();

        var together = PairSelector.Select(prompts, new(), 3);

        Assert.Equal(prompts.SelectMany(prompt => PairSelector.Select(prompt.Item1, prompt.Item2, new(), 3).Pairs), together.Pairs);
        Assert.Equal((10, 20), (together.Counts.Prompts, together.Counts.Pairs));
    }

    private static Verdict Scores(params double[] scores) => new([.. scores.Select((score, index) => new Judgement(index, score, ""))]);

    private static PairSelection Select(PairSelectionOptions options, params (string Text, double? Score)[] samples) => Select(options, 1, samples);

    private static PairSelection Select(PairSelectionOptions options, ulong seed, params (string Text, double? Score)[] samples) =>
        PairSelector.Select(
            Samples.OfPrompt("p", [.. samples.Select(sample => sample.Text)]),
            new Verdict([.. samples.Select((sample, index) => new Judgement(index, sample.Score, ""))]),
            options,
            seed);
}
