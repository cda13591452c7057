using IterativeDpo.Generation;
using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Judging.Tests.Pairs;

/// <summary>What holds of every selection, over random samples with many equal texts and equal scores.</summary>
public class PairSelectorPropertyTests
{
    public static TheoryData<PairStrategy> Strategies => [.. Enum.GetValues<PairStrategy>()];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_anySamples_neverReversesOrTies(PairStrategy strategy) => ForAll(strategy, (prompt, options, pair) =>
    {
        Assert.Equal(prompt.Judgements.Single(judgement => judgement.SampleIndex == pair.ChosenIndex).Score, pair.ChosenScore);
        Assert.Equal(prompt.Judgements.Single(judgement => judgement.SampleIndex == pair.RejectedIndex).Score, pair.RejectedScore);
        Assert.True(pair.ChosenScore > pair.RejectedScore);
        Assert.True(pair.ChosenScore - pair.RejectedScore >= options.MinMargin);
    });

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_anySamples_neverPairsEqualTexts(PairStrategy strategy) => ForAll(strategy, (prompt, options, pair) =>
    {
        var (chosen, rejected) = (prompt.Samples.Samples[pair.ChosenIndex], prompt.Samples.Samples[pair.RejectedIndex]);
        Assert.NotEqual(chosen.Text, rejected.Text);
        Assert.NotEqual(Cut(chosen, options), Cut(rejected, options));
    });

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_anySamples_accountsForEveryTwo(PairStrategy strategy)
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var (prompt, options) = Arrange(strategy, (ulong)seed);
            var scored = prompt.Judgements.Count(judgement => judgement.Score is not null);
            var selection = PairSelector.Select(prompt.Samples, new Verdict(prompt.Judgements), options, 1);
            var counts = selection.Counts;
            var accounted = counts.Ties + counts.Duplicates + counts.WithinMargin;

            Assert.Equal(selection.Pairs.Count, counts.Pairs);
            Assert.InRange(selection.Pairs.Count, 0, options.MaxPairsPerPrompt);
            Assert.Equal(scored < 2, counts.Abstained == 1);
            Assert.Equal(scored >= 2 && accounted == scored * (scored - 1) / 2, counts.ZeroSignal == 1);
            Assert.Equal(counts.Dropped == 0, selection.Pairs.Count > 0);
        }
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_sameSeed_givesTheSamePairs(PairStrategy strategy) => Assert.All(Enumerable.Range(0, 50), seed =>
    {
        var (prompt, options) = Arrange(strategy, (ulong)seed);
        var first = PairSelector.Select(prompt.Samples, new Verdict(prompt.Judgements), options, 5);
        var second = PairSelector.Select(prompt.Samples, new Verdict(prompt.Judgements), options, 5);
        Assert.Equal(first.Pairs, second.Pairs);
    });

    private static void ForAll(PairStrategy strategy, Action<Judged, PairSelectionOptions, SelectedPair> holds)
    {
        var pairs = 0;
        for (var seed = 0; seed < 300; seed++)
        {
            var (prompt, options) = Arrange(strategy, (ulong)seed);
            foreach (var pair in PairSelector.Select(prompt.Samples, new Verdict(prompt.Judgements), options, (ulong)seed).Pairs)
            {
                holds(prompt, options, pair);
                pairs++;
            }
        }
        Assert.True(pairs > 100);
    }

    private static (Judged Prompt, PairSelectionOptions Options) Arrange(PairStrategy strategy, ulong seed)
    {
        var random = new SplitMix64(seed);
        var texts = Enumerable.Range(0, random.Between(0, 8)).Select(_ => $"{random.Below(2)}{random.Below(2)}{random.Below(2)}").ToArray();
        Judgement[] judgements = [.. texts.Select((_, index) => new Judgement(index, random.Below(6) == 0 ? null : random.Below(4) / 3.0, ""))];
        var options = new PairSelectionOptions(strategy, random.Between(1, 4), random.Below(3) / 3.0, random.Below(4));
        return (new(Samples.OfPrompt($"p{seed}", texts), judgements), options);
    }

    private static int[] Cut(Sample sample, PairSelectionOptions options) =>
        options.MaxCompletionTokens == 0 ? sample.TokenIds : [.. sample.TokenIds.Take(options.MaxCompletionTokens)];

    private sealed record Judged(PromptSamples Samples, Judgement[] Judgements);
}
