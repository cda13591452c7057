using IterativeDpo.Generation;
using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Judging.Tests.Pairs;

/// <summary>What holds of every selection, over random samples with many equal texts, equal scores and comparisons of every kind.</summary>
public class PairSelectorPropertyTests
{
    public static TheoryData<PairStrategy> Strategies => [.. Enum.GetValues<PairStrategy>()];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_anySamples_neverReversesOrTies(PairStrategy strategy) => ForAll(strategy, (prompt, options, pair) =>
    {
        Assert.Equal(prompt.ScoreOf(pair.ChosenIndex), pair.ChosenScore);
        Assert.Equal(prompt.ScoreOf(pair.RejectedIndex), pair.RejectedScore);
        Assert.True(pair.ChosenScore > pair.RejectedScore);
        Assert.True(pair.ChosenScore - pair.RejectedScore >= options.MinMargin);
    });

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_anyComparisons_labelsByTheOneThatAgrees(PairStrategy strategy) => ForAll(strategy, (prompt, _, pair) =>
    {
        Assert.InRange(pair.Probability, 0.5 + double.Epsilon, 1);
        var expected = prompt.Verdict.Comparisons!.SingleOrDefault(c => IsOf(c, pair)) switch
        {
            null => 1,
            { Preference: Preference.First } c when c.First == pair.ChosenIndex => c.Probability,
            { Preference: Preference.Second } c when c.Second == pair.ChosenIndex => 1 - c.Probability,
            var other => throw new InvalidOperationException($"{pair} of {other}"),
        };
        Assert.Equal(expected, pair.Probability);
    });

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_anySamples_neverPairsTextsThatAreEqualOrTooAlike(PairStrategy strategy) =>
        ForAll(
            strategy,
            (prompt, options, pair) =>
    {
        var (chosen, rejected) = (prompt.SampleOf(pair.ChosenIndex), prompt.SampleOf(pair.RejectedIndex));
        var (a, b) = (Cut(chosen, options), Cut(rejected, options));
        Assert.NotEqual(chosen.Text, rejected.Text);
        Assert.NotEqual(a, b);
        Assert.Equal(a.Length - b.Length, pair.LengthDifference);
        Assert.True(options.MaxLengthRatio == 0 || Math.Max(a.Length, b.Length) <= options.MaxLengthRatio * Math.Min(a.Length, b.Length));
        Assert.True(TextSketch.Of(chosen.Text).SimilarityTo(TextSketch.Of(rejected.Text)) <= options.MaxSimilarity);
    });

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_anySamples_accountsForEveryTwo(PairStrategy strategy)
    {
        for (var seed = 0UL; seed < 300; seed++)
        {
            var (prompt, options) = Arrange(strategy, seed);
            var scored = prompt.Verdict.Judgements.Count(judgement => judgement.Score is not null);
            var selection = PairSelector.Select(prompt.Samples, prompt.Verdict, options, 1);
            var counts = selection.Counts;

            Assert.Equal(scored * (scored - 1) / 2, Rejected(counts) + counts.Unselected + counts.Pairs);
            Assert.Equal(selection.Pairs.Count, counts.Pairs);
            Assert.InRange(selection.Pairs.Count, 0, options.MaxPairsPerPrompt);
            Assert.Equal(scored < 2, counts.Abstained == 1);
            Assert.Equal(scored >= 2 && counts.Unselected + counts.Pairs == 0, counts.ZeroSignal == 1);
            Assert.Equal(counts.Dropped == 0, selection.Pairs.Count > 0);
        }
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_sameSeed_givesTheSamePairsWhateverTheOrder(PairStrategy strategy)
    {
        var prompts = Enumerable.Range(0, 50).Select(seed => Arrange(strategy, (ulong)seed).Prompt).ToArray();
        var (_, options) = Arrange(strategy, 7);
        options = options with { BalanceLengths = true };
        var (forward, backward) = (Select(prompts), Select([.. prompts.Reverse().Select(Turned)]));

        Assert.NotEmpty(forward);
        Assert.Equal(forward, backward);

        SelectedPair[] Select(Judged[] judged) =>
            [
                .. PairSelector
                    .Select(judged.Select(prompt => (prompt.Samples, prompt.Verdict)), options, 5)
            .SelectMany(prompt => prompt.Selection.Pairs)
            .OrderBy(pair => (pair.PromptId, pair.ChosenIndex, pair.RejectedIndex))];
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_balancedLengths_leavesOutTheSurplusOnly(PairStrategy strategy)
    {
        for (var seed = 0UL; seed < 10; seed++)
        {
            var options = new PairSelectionOptions(strategy, MaxPairsPerPrompt: 3);
            var prompts = Enumerable
                .Range(0, 40)
                .Select(i => Arrange(strategy, (seed * 1000) + (ulong)i).Prompt)
                .Select(prompt => (prompt.Samples, prompt.Verdict))
                .ToArray();
            var all = PairSelector.Select(prompts, options, seed).SelectMany(prompt => prompt.Selection.Pairs).ToArray();

            var balanced = PairSelector.Select(prompts, options with { BalanceLengths = true }, seed).ToArray();
            var kept = balanced.SelectMany(prompt => prompt.Selection.Pairs).ToArray();
            var counts = balanced.Aggregate(new PairSelectionCounts(), (sum, prompt) => sum + prompt.Selection.Counts);

            Assert.Subset(all.ToHashSet(), kept.ToHashSet());
            Assert.Equal(Signs(kept, 1), Signs(kept, -1));
            Assert.Equal(Math.Min(Signs(all, 1), Signs(all, -1)), Signs(kept, 1));
            Assert.Equal(Signs(all, 0), Signs(kept, 0));
            Assert.Equal((kept.Length, all.Length - kept.Length), (counts.Pairs, counts.Unbalanced));
            Assert.Equal(balanced.Count(prompt => prompt.Selection.Pairs.Count == 0), counts.Dropped);
        }
    }

    private static int Signs(SelectedPair[] pairs, int sign) => pairs.Count(pair => Math.Sign(pair.LengthDifference) == sign);

    private static long Rejected(PairSelectionCounts counts) =>
        counts.Ties
        + counts.Duplicates
        + counts.WithinMargin
        + counts.Undecided
        + counts.Contradicted
        + counts.LengthRatio
        + counts.Similar;

    private static void ForAll(PairStrategy strategy, Action<Judged, PairSelectionOptions, SelectedPair> holds)
    {
        var pairs = 0;
        for (var seed = 0UL; seed < 300; seed++)
        {
            var (prompt, options) = Arrange(strategy, seed);
            foreach (var pair in PairSelector.Select(prompt.Samples, prompt.Verdict, options, seed).Pairs)
            {
                holds(prompt, options, pair);
                pairs++;
            }
        }
        Assert.True(pairs > 100, $"{pairs} pairs say little");
    }

    private static (Judged Prompt, PairSelectionOptions Options) Arrange(PairStrategy strategy, ulong seed)
    {
        var random = new SplitMix64(seed);
        var texts = Enumerable.Range(0, random.Between(0, 10)).Select(_ => RandomText(random)).ToArray();
        Judgement[] judgements =
        [
            .. texts.Select((_, index) => new Judgement(index, random.Below(6) == 0 ? null : (random.Below(4) - 2) * 1.5, "")),
        ];
        random.Shuffle(judgements.AsSpan());
        var comparisons = texts.SelectMany(
            (_, i) => Enumerable.Range(0, i).Where(_ => random.Below(3) == 0).Select(j => RandomComparison(i, j, judgements, random)));
        var verdict = new Verdict(judgements, [.. comparisons]);
        var options = new PairSelectionOptions(
            strategy,
            random.Between(1, 4),
            random.Below(3) * 0.75,
            random.Below(5) is var cut and > 0 ? cut + 1 : 0,
            random.Between(1, 3),
            random.Pick([0.1, 1, 10]),
            random.Between(2, 8),
            random.Pick([0, 0, 1, 2.5]),
            random.Pick([1, 1, 0.9, 0.4]));
        return (new(Samples.OfPrompt($"p{seed}", texts), verdict), options);
    }

    private static string RandomText(SplitMix64 random) =>
        string.Concat(Enumerable.Range(0, random.Between(1, 4)).Select(_ => random.Below(2) == 0 ? "a" : "b"));

    /// <summary>Of two samples in either order; more often right than not.</summary>
    private static Comparison RandomComparison(int i, int j, Judgement[] judgements, SplitMix64 random)
    {
        var (first, second) = random.Below(2) == 0 ? (i, j) : (j, i);
        double? Score(int index) => judgements.Single(judgement => judgement.SampleIndex == index).Score;
        var right = Score(first) > Score(second) ? Preference.First : Preference.Second;
        var preference = random.Below(2) == 0 ? right : random.Pick(Enum.GetValues<Preference>());
        var probability = random.NextDouble() / 2;
        return new(first, second, preference, preference == Preference.First ? 1 - probability : probability, "");
    }

    private static Judged Turned(Judged prompt) => new(
        prompt.Samples with { Samples = [.. prompt.Samples.Samples.Reverse()] },
        new Verdict(
            [.. prompt.Verdict.Judgements.Reverse()],
            [.. prompt.Verdict.Comparisons!.Reverse()]));

    private static int[] Cut(Sample sample, PairSelectionOptions options) =>
        options.MaxLength == 0 ? sample.TokenIds : [.. sample.TokenIds.Take(options.MaxLength - 1)];

    private static bool IsOf(Comparison comparison, SelectedPair pair) =>
        (comparison.First, comparison.Second) == (pair.ChosenIndex, pair.RejectedIndex)
        || (comparison.Second, comparison.First) == (pair.ChosenIndex, pair.RejectedIndex);

    private sealed record Judged(PromptSamples Samples, Verdict Verdict)
    {
        public double? ScoreOf(int index) => Verdict.Judgements.Single(judgement => judgement.SampleIndex == index).Score;

        public Sample SampleOf(int index) => Samples.Samples.Single(sample => sample.Index == index);
    }
}
