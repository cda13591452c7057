using IterativeDpo.Generation;
using IterativeDpo.Judging.Reward;

namespace IterativeDpo.Judging.Tests.Reward;

public sealed class RewardModelJudgeTests
{
    private static readonly RewardModelOptions Options = new("rm", "m.gguf", null, 128, 128, TieMargin: 1);

    [Fact]
    public async Task JudgeAsync_samples_haveRawRewardsAndComparisons()
    {
        await using var queue = new RewardModelQueue(new LengthModel());
        await using var judge = new RewardModelJudge(Options, queue);

        var verdict = await judge.JudgeAsync(Samples.OfPrompt("p", "abc", "a", "bbb"), default);

        Assert.Equal([3, 1, 3], verdict.Judgements.Select(judgement => judgement.Score!.Value));
        Assert.Equal(
            [Preference.First, Preference.Tie, Preference.Second],
            verdict.Comparisons!.Select(comparison => comparison.Preference));
        Assert.Equal(BradleyTerry.Probability(2), verdict.Comparisons![0].Probability);
        Assert.Equal(3, verdict.Usage!.Calls);
    }

    [Fact]
    public async Task JudgeAsync_severalAtOnce_eachGetsItsOwn()
    {
        await using var queue = new RewardModelQueue(new LengthModel());
        await using var judge = new RewardModelJudge(Options, queue);

        var verdicts = await Task.WhenAll(
            Enumerable.Range(1, 20).Select(i => judge.JudgeAsync(Samples.OfPrompt($"p{i}", new string('x', i), "y"), default)));

        Assert.Equal(Enumerable.Range(1, 20).Select(i => (double)i), verdicts.Select(verdict => verdict.Judgements[0].Score!.Value));
    }

    [Fact]
    public async Task JudgeAsync_answerIsTooLong_failsThatPromptAlone()
    {
        await using var queue = new RewardModelQueue(new LengthModel());
        await using var judge = new RewardModelJudge(Options, queue);

        var bad = judge.JudgeAsync(Samples.OfPrompt("p", "a", "too long"), default);
        var good = judge.JudgeAsync(Samples.OfPrompt("q", "a", "b"), default);

        Assert.Equal("too long", (await Assert.ThrowsAsync<InvalidOperationException>(() => bad)).Message);
        Assert.Equal(2, (await good).Judgements.Count);
    }

    [Fact]
    public async Task JudgeAsync_rewardIsNotFinite_isAFailure()
    {
        await using var queue = new RewardModelQueue(new LengthModel());
        await using var judge = new RewardModelJudge(Options, queue);

        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => judge.JudgeAsync(Samples.OfPrompt("p", "a", "?"), default));

        Assert.Contains("'p', sample 1: the model's reward is NaN", e.Message);
    }

    [Fact]
    public async Task DisposeAsync_ofOneJudge_leavesTheModelToTheNext()
    {
        var model = new LengthModel();
        await using (var queue = new RewardModelQueue(model))
        {
            await using (var first = new RewardModelJudge(Options, queue))
            {
                await first.LoadAsync(default);
            }
            await using var second = new RewardModelJudge(Options, queue);
            await second.LoadAsync(default);
            Assert.Single((await second.JudgeAsync(Samples.OfPrompt("p", "abc"), default)).Judgements);
            Assert.Equal((1, false), (model.Loads, model.IsDisposed));
        }
        Assert.True(model.IsDisposed);
    }

    /// <summary>The reward is the number of characters.</summary>
    private sealed class LengthModel : IRewardModel
    {
        public int Loads { get; private set; }

        public bool IsDisposed { get; private set; }

        public void Check()
        {
        }

        public int[] Encode(Prompt prompt, Sample answer) => answer.Text == "too long"
            ? throw new InvalidOperationException(answer.Text)
            : [.. answer.Text.Select(c => (int)c)];

        public void Load() => Loads++;

        public void Score(IReadOnlyList<int[]> sequences, Action<int, double> onScore, CancellationToken cancellationToken)
        {
            foreach (var (i, ids) in sequences.Index())
            {
                onScore(i, ids.Contains('?') ? double.NaN : ids.Length);
            }
        }

        public void Dispose() => IsDisposed = true;
    }
}
