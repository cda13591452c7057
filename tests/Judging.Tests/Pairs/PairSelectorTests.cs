using IterativeDpo.Generation;
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
    public void Select_bestTwoSigma_takesTheOneNearestToTheMeanLessTwoDeviations()
    {
        // Nine of 10 and one each of 6 and 1: mean 8.82, deviation 2.69, so the aim is 3.44, nearer to 1 than to 6.
        (string, double)[] good = [.. Enumerable.Range(0, 9).Select(i => ($"good {i}", 10.0))];
        Assert.Equal(10, Select(new(PairStrategy.BestTwoSigma, 5), [.. good, ("fair", 6), ("poor", 1)]).Pairs.Single().RejectedIndex);

        // Of forty of 10 the mean is 9.69 and the deviation 1.46: the aim is 6.77, nearer to 6.
        (string, double)[] many = [.. Enumerable.Range(0, 40).Select(i => ($"good {i}", 10.0))];
        Assert.Equal(40, Select(new(PairStrategy.BestTwoSigma, 5), [.. many, ("fair", 6), ("poor", 1)]).Pairs.Single().RejectedIndex);
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
        var rejected = Enumerable
            .Range(0, 100)
            .SelectMany(seed => Select(new(PairStrategy.BestRandom, 1), (ulong)seed, ("a", 1), ("b", 0), ("c", 0), ("d", 0.5)).Pairs);

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
    public void Select_tiesThatAreAskedFor_areKeptOnceAndCounted()
    {
        var selection = Select(new(PairStrategy.BestWorst, TiesPerPrompt: 9), ("a", 1), ("b", 1), ("b", 1), ("c", 0));

        Assert.Equal([(1, 0, false), (1, 1, true)], selection.Pairs.Select(pair => (pair.ChosenScore, pair.RejectedScore, pair.IsTie)));
        Assert.Equal(new PairSelectionCounts(Prompts: 1, Pairs: 2, TiePairs: 1, Ties: 1, Duplicates: 1, Unselected: 2), selection.Counts);
        Assert.Equal(new PairSelectionCounts(Prompts: 1, Pairs: 1, TiePairs: 1), Select(new(TiesPerPrompt: 1), ("a", 1), ("b", 1)).Counts);
        Assert.Equal(
            new PairSelectionCounts(Prompts: 1, ZeroSignal: 1, Ties: 1),
            Select(new(TiesPerPrompt: 1, MaxLengthRatio: 2), ("a", 1), ("bbb", 1)).Counts);
    }

    [Fact]
    public void Select_tiesOfTheJudgesComparison_areKeptAsTies()
    {
        Verdict leaning = Scores(0, 1) with { Comparisons = [new Comparison(1, 0, Preference.Tie, 0.9, "")] };

        var pair = PairSelector.Select(Samples.OfPrompt("p", "a", "b"), leaning, new(TiesPerPrompt: 1), 1).Pairs.Single();

        Assert.Equal((1, 0, 0.5, true), (pair.ChosenIndex, pair.RejectedIndex, pair.Probability, pair.IsTie));
    }

    [Fact]
    public void Select_withTies_takesTheSameOtherPairs()
    {
        (string, double?)[] samples = [("a", 1), ("b", 1), ("c", 0), ("d", 0), ("e", 0.5)];
        for (var seed = 0UL; seed < 20; seed++)
        {
            var with = Select(new(TiesPerPrompt: 2), seed, samples).Pairs;

            Assert.Equal(Select(new(), seed, samples).Pairs, with.Where(pair => !pair.IsTie));
            Assert.Equal(2, with.Count(pair => pair.IsTie));
        }
    }

    [Fact]
    public void Select_balancedLengths_leavesTiesAlone()
    {
        var prompts = Enumerable.Range(0, 5).Select(i => (Samples.OfPrompt($"p{i}", "aaaa", "bb"), Scores(1, 1)));

        Assert.Equal(
            5,
            PairSelector.Select(prompts, new(TiesPerPrompt: 1, BalanceLengths: true), 1).Sum(prompt => prompt.Selection.Counts.TiePairs));
    }

    [Fact]
    public void Select_samplesOfTheBase_areRejectedOnly()
    {
        var samples = Samples.OfPrompt("p", "a", "b", "c", "d");
        samples = samples with
        {
            Samples = [.. samples.Samples.Select(sample => sample.Index < 2 ? sample : sample with { Model = Sample.OfBase })],
        };

        // The base's c is the best of all and its d the worst; the policy's a is chosen, against d.
        var selection = PairSelector.Select(samples, Scores(3, 2, 4, 1), new(PairStrategy.BestWorst), 1);

        Assert.Equal([(0, 3)], selection.Pairs.Select(pair => (pair.ChosenIndex, pair.RejectedIndex)));
        Assert.Equal(new PairSelectionCounts(Prompts: 1, Pairs: 1, Anchored: 3, Unselected: 2), selection.Counts);
        Assert.Equal(
            new PairSelectionCounts(Prompts: 1, ZeroSignal: 1, Anchored: 3, Ties: 3),
            PairSelector.Select(samples, Scores(1, 1, 2, 1), new(), 1).Counts);
    }

    [Fact]
    public void Select_equalUpToTheTrainersCut_isADuplicate()
    {
        var selection = Select(new(MaxLength: 4), ("abcX", 1), ("abcY", 0));

        Assert.Equal(new PairSelectionCounts(Prompts: 1, ZeroSignal: 1, Duplicates: 1), selection.Counts);
    }

    [Fact]
    public void Select_differentBeforeTheTrainersCut_isAPair() =>
        Assert.Single(Select(new(MaxLength: 4), ("abX", 1), ("abY", 0)).Pairs);

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

        var together = PairSelector.Select(prompts, new(), 3).ToArray();

        Assert.Equal(
            prompts.SelectMany(prompt => PairSelector.Select(prompt.Item1, prompt.Item2, new(), 3).Pairs),
            together.SelectMany(prompt => prompt.Selection.Pairs));
        Assert.All(together, prompt => Assert.Equal(2, prompt.Selection.Counts.Pairs));
    }

    [Fact]
    public void Select_manyPrompts_areReadOneAtATime()
    {
        var read = 0;
        IEnumerable<(PromptSamples, Verdict)> Prompts()
        {
            for (; ; read++)
            {
                yield return (Samples.OfPrompt($"p{read}", "a", "b"), Scores(1, 0));
            }
        }

        Assert.Equal("p2", PairSelector.Select(Prompts(), new(), 1).Skip(2).First().Samples.Prompt.Id);
        Assert.Equal(2, read);
    }

    [Fact]
    public void Select_promptThatFillsTheTrainersLength_hasNothingToTellApart() =>
        Assert.Equal(1, Select(new(MaxLength: 1), ("a", 1), ("b", 0)).Counts.Duplicates);

    [Fact]
    public void Select_bestSecond_takesTheNextBestOnly()
    {
        var selection = Select(new(PairStrategy.BestSecond, 5), ("a", 0.5), ("b", 1), ("c", 0.2), ("d", 0.7), ("e", 1));

        var pair = Assert.Single(selection.Pairs);
        Assert.Equal((1, 3), (pair.ChosenScore, pair.RejectedIndex));
    }

    [Fact]
    public void Select_topBottom_pairsBothEndsTheWidestFirst()
    {
        var selection = Select(new(PairStrategy.TopBottom, 3, TopBottomK: 2), ("a", 0), ("b", 10), ("c", 5), ("d", 2), ("e", 7));

        Assert.Equal([(1, 0), (1, 3), (4, 0)], selection.Pairs.Select(pair => (pair.ChosenIndex, pair.RejectedIndex)));
    }

    [Fact]
    public void Select_topBottomOfFewerThanTwiceK_pairsNoSampleBothWays()
    {
        var selection = Select(new(PairStrategy.TopBottom, 100, TopBottomK: 50), ("a", 0), ("b", 1), ("c", 2), ("d", 3), ("e", 4));

        Assert.Equal([(3, 0), (3, 1), (4, 0), (4, 1)], selection.Pairs.Select(pair => (pair.ChosenIndex, pair.RejectedIndex)).Order());
    }

    [Fact]
    public void Select_lengthMatched_takesTheNearestInLengthForEachBest()
    {
        var selection = Select(new(PairStrategy.LengthMatched, 5), ("aaaa", 1), ("b", 1), ("ccc", 0), ("dd", 0.5), ("eeeeeee", 0));

        Assert.Equal(
            [(0, 2, 1), (1, 3, -1)],
            selection.Pairs.Select(pair => (pair.ChosenIndex, pair.RejectedIndex, pair.LengthDifference)).Order());
    }

    [Fact]
    public void Select_rejectionSamplingNearZero_acceptsByRewardAlone()
    {
        var selection = Select(
            new(PairStrategy.RejectionSampling, 5, RsoBeta: 1e-6, RsoSamples: 2),
            ("a", 3),
            ("b", 9),
            ("c", 8),
            ("d", 1));

        Assert.Equal([(1, 2)], selection.Pairs.Select(pair => (pair.ChosenIndex, pair.RejectedIndex)));
    }

    [Fact]
    public void Select_rejectionSamplingThatAcceptsEqualOnly_countsThePrompt()
    {
        var selection = Select(new(PairStrategy.RejectionSampling, RsoBeta: 1e-6, RsoSamples: 2), ("a", 1), ("b", 1), ("c", 0));

        Assert.Equal(new PairSelectionCounts(Prompts: 1, Ties: 1, Unselected: 2, NoneSelected: 1), selection.Counts);
        Assert.Equal(1, selection.Counts.Dropped);
    }

    [Fact]
    public void Select_tooDifferentALength_isCounted()
    {
        var selection = Select(new(PairStrategy.AllAboveMargin, 9, MaxLengthRatio: 2), ("aa", 1), ("bbbb", 0), ("ccccc", 0), ("", 0));

        Assert.Equal([(0, 1)], selection.Pairs.Select(pair => (pair.ChosenIndex, pair.RejectedIndex)));
        Assert.Equal(2, selection.Counts.LengthRatio);
    }

    [Fact]
    public void Select_almostEqualTexts_areCounted()
    {
        var selection = Select(new(MaxSimilarity: 0.8), ("The answer to the question is 12.", 1), ("The answer to the question is 13.", 0));

        Assert.Equal(new PairSelectionCounts(Prompts: 1, ZeroSignal: 1, Similar: 1), selection.Counts);
    }

    [Fact]
    public void Select_rewardsWithoutBounds_keepTheMarginInTheirUnits()
    {
        var selection = Select(new(PairStrategy.AllAboveMargin, 9, MinMargin: 5), ("a", -7.5), ("b", -2), ("c", 12));

        Assert.Equal([(1, 0), (2, 0), (2, 1)], selection.Pairs.Select(pair => (pair.ChosenIndex, pair.RejectedIndex)).Order());
    }

    [Theory]
    [InlineData(Preference.First, 0.75)]
    [InlineData(Preference.Second, 0.25)]
    public void Select_comparisonThatAgrees_givesItsProbability(Preference preference, double probability)
    {
        var (first, second) = preference == Preference.First ? (1, 0) : (0, 1);
        var pair = Compared(new Comparison(first, second, preference, probability, ""), 0, 1).Pairs.Single();

        Assert.Equal((1, 0, 0.75), (pair.ChosenIndex, pair.RejectedIndex, pair.Probability));
    }

    [Fact]
    public void Select_comparisonThatDoesNotAgree_isNoPairAndCounted()
    {
        Assert.Equal(1, Compared(new Comparison(0, 1, Preference.First, 0.75, ""), 0, 1).Counts.Contradicted);
        Assert.Equal(1, Compared(new Comparison(1, 0, Preference.First, 0.5, ""), 0, 1).Counts.Contradicted);
        Assert.Equal(1, Compared(new Comparison(1, 0, Preference.Tie, 0.9, ""), 0, 1).Counts.Ties);
        Assert.Equal(1, Compared(new Comparison(1, 0, Preference.Abstained, 0.5, ""), 0, 1).Counts.Undecided);
        Assert.Equal(1, Compared(new Comparison(1, 0, Preference.First, 0.9, ""), 1, 1).Counts.Ties);
    }

    [Fact]
    public void Select_twoComparisonsOfTheSameTwo_areRefused()
    {
        Verdict verdict = new([new(0, 0, ""), new(1, 1, "")], [new(0, 1, Preference.Second, 0, ""), new(1, 0, Preference.First, 1, "")]);

        Assert.Throws<ArgumentException>(() => PairSelector.Select(Samples.OfPrompt("p", "a", "b"), verdict, new(), 1));
    }

    private static PairSelection Compared(Comparison comparison, params double[] scores) =>
        PairSelector.Select(Samples.OfPrompt("p", "a", "b"), Scores(scores) with { Comparisons = [comparison] }, new(), 1);

    private static Verdict Scores(params double[] scores) => new([.. scores.Select((score, index) => new Judgement(index, score, ""))]);

    private static PairSelection Select(PairSelectionOptions options, params (string Text, double? Score)[] samples) =>
        Select(options, 1, samples);

    private static PairSelection Select(PairSelectionOptions options, ulong seed, params (string Text, double? Score)[] samples) =>
        PairSelector.Select(
            Samples.OfPrompt("p", [.. samples.Select(sample => sample.Text)]),
            new Verdict([.. samples.Select((sample, index) => new Judgement(index, sample.Score, ""))]),
            options,
            seed);
}
