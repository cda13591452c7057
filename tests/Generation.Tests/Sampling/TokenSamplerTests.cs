using IterativeDpo.Generation.Sampling;

namespace IterativeDpo.Generation.Tests.Sampling;

public class TokenSamplerTests
{
    // Probabilities 0.4, 0.3, 0.2, 0.1 in an order that ranking has to undo.
    private static readonly float[] Logits = [MathF.Log(0.1f), MathF.Log(0.4f), MathF.Log(0.2f), MathF.Log(0.3f)];

    [Fact]
    public void Draw_noFilters_followsTheSoftmax() => AssertShares(new SamplingOptions(), [0.1, 0.4, 0.2, 0.3]);

    [Fact]
    public void Draw_temperatureTwo_followsTheSquareRoots()
    {
        double[] roots = [Math.Sqrt(0.1), Math.Sqrt(0.4), Math.Sqrt(0.2), Math.Sqrt(0.3)];
        AssertShares(new SamplingOptions(Temperature: 2), [.. roots.Select(root => root / roots.Sum())]);
    }

    [Fact]
    public void Draw_topK_keepsTheLikeliest() => AssertShares(new SamplingOptions(TopK: 2), [0, 4 / 7.0, 0, 3 / 7.0]);

    [Fact]
    public void Draw_topP_keepsTheSmallestSetThatReachesIt() =>
        AssertShares(new SamplingOptions(TopP: 0.75f), [0, 4 / 9.0, 2 / 9.0, 3 / 9.0]);

    [Fact]
    public void Draw_minP_dropsTokensUnderTheShareOfTheLikeliest() =>
        AssertShares(new SamplingOptions(MinP: 0.4f), [0, 4 / 9.0, 2 / 9.0, 3 / 9.0]);

    [Fact]
    public void Draw_topKThenTopP_takesTopPOfWhatTopKLeft() =>
        // Of 0.4, 0.3, 0.2 renormalised, the first two have 0.78; of all four they have 0.7.
        AssertShares(new SamplingOptions(TopK: 3, TopP: 0.75f), [0, 4 / 7.0, 0, 3 / 7.0]);

    [Fact]
    public void Draw_repetitionPenalty_weakensPromptAndCompletionTokensOnce()
    {
        float[] logits = [1, -1, 2];
        double[] weights = [Math.Exp(0.5), Math.Exp(-2), Math.Exp(2)];
        AssertShares(
            new SamplingOptions(RepetitionPenalty: 2),
            [.. weights.Select(w => w / weights.Sum())],
            logits,
            promptIds: [0, 0],
            completionIds: [1, 0]);
    }

    [Fact]
    public void Draw_greedy_takesTheLargestLogit()
    {
        var token = new TokenSampler(new SamplingOptions(Temperature: 0), 4).Draw(Logits, [], [], new SplitMix64(1));

        Assert.Equal(1, token.Id);
    }

    [Fact]
    public void Draw_greedyWithPenalty_takesTheLargestPenalisedLogit()
    {
        var sampler = new TokenSampler(new SamplingOptions(Temperature: 0, RepetitionPenalty: 4), 3);

        Assert.Equal(0, sampler.Draw([1.5f, 0, 2], [2], [], new SplitMix64(1)).Id);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5f)]
    [InlineData(1)]
    public void Draw_anyTemperature_recordsTheUntemperedLogProbAndEntropy(float temperature)
    {
        var sampler = new TokenSampler(new SamplingOptions(temperature, TopK: 3, RepetitionPenalty: 1.5f), 4);

        var token = sampler.Draw(Logits, [2], [3], new SplitMix64(3));

        Assert.Equal(Logits[token.Id], token.LogProb, 1e-6f);
        Assert.Equal(1.2798543f, token.Entropy, 1e-5f);
    }

    [Fact]
    public void Draw_topKWithTies_keepsTheLowerIds()
    {
        var shares = Shares(new SamplingOptions(TopK: 2), new float[6], [], []);

        Assert.Equal([true, true, false, false, false, false], shares.Select(share => share > 0));
    }

    [Fact]
    public void Draw_largeVocabulary_filtersAsAFullSortWould()
    {
        const int size = 5000;
        var random = new SplitMix64(11);
        var logits = Enumerable.Range(0, size).Select(_ => (float)(8 * random.NextDouble())).ToArray();
        var kept = logits
            .Select((logit, id) => (logit, id))
            .OrderByDescending(pair => pair.logit)
            .Take(40)
            .Select(pair => pair.id)
            .ToHashSet();
        var sampler = new TokenSampler(new SamplingOptions(TopK: 40), size);

        var drawn = Enumerable.Range(0, 2000).Select(_ => sampler.Draw(logits, [], [], random).Id).ToHashSet();

        Assert.Equal(kept, drawn);
    }

    [Fact]
    public void Draw_largeVocabulary_reachesEveryBlock()
    {
        const int size = 2000;
        var sampler = new TokenSampler(new SamplingOptions(), size);
        var random = new SplitMix64(12);

        var drawn = Enumerable.Range(0, 40_000).Select(_ => sampler.Draw(new float[size], [], [], random).Id).ToHashSet();

        Assert.Equal(size, drawn.Count);
    }

    [Fact]
    public void Draw_sameStream_givesTheSameTokens() => Assert.Equal(Stream(5), Stream(5));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Draw_brokenLogits_throws(float broken) =>
        Assert.Throws<NonFiniteLogitsException>(() =>
            new TokenSampler(new SamplingOptions(), 3).Draw([0, broken, 1], [], [], new SplitMix64(1)));

    private static int[] Stream(ulong seed)
    {
        var sampler = new TokenSampler(new SamplingOptions(), 4);
        var random = new SplitMix64(seed);
        return [.. Enumerable.Range(0, 50).Select(_ => sampler.Draw(Logits, [], [], random).Id)];
    }

    private static void AssertShares(
        SamplingOptions options, double[] expected, float[]? logits = null, int[]? promptIds = null, int[]? completionIds = null)
    {
        var shares = Shares(options, logits ?? Logits, promptIds ?? [], completionIds ?? []);
        for (var id = 0; id < expected.Length; id++)
        {
            // Five standard deviations of the share of 20,000 draws; a token that is out never comes.
            Assert.Equal(expected[id], shares[id], expected[id] == 0 ? 0 : 5 * Math.Sqrt(expected[id] * (1 - expected[id]) / 20_000));
        }
    }

    private static double[] Shares(SamplingOptions options, float[] logits, int[] promptIds, int[] completionIds)
    {
        const int draws = 20_000;
        var sampler = new TokenSampler(options, logits.Length);
        var random = new SplitMix64(17);
        var shares = new double[logits.Length];
        for (var i = 0; i < draws; i++)
        {
            shares[sampler.Draw(logits, promptIds, completionIds, random).Id] += 1.0 / draws;
        }
        return shares;
    }
}
