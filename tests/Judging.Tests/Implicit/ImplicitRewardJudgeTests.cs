using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Implicit;
using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Judging.Tests.Implicit;

public sealed class ImplicitRewardJudgeTests
{
    private static readonly ImplicitRewardOptions Options = new("own", null, null, 0.5, false, 0, 0);

    /// <summary>The policy gives each token −1, the reference −2 and the base −4.</summary>
    private static readonly Dictionary<string, double> PerToken = new() { ["policy"] = -1, ["reference"] = -2, ["base"] = -4 };

    [Theory]
    [InlineData(null, false, 0, 0.5 * 3 * 2, 0.5 * 3 * 5)]
    [InlineData("reference", false, 0, 0.5 * 1 * 2, 0.5 * 1 * 5)]
    [InlineData(null, true, 0, 1.5, 1.5)]
    [InlineData(null, false, 2, 3 - 4, 7.5 - 10)]
    public async Task JudgeAsync_twoCheckpoints_scoresByTheFormula(
        string? reference,
        bool normalised,
        double penalty,
        double two,
        double five)
    {
        await using var queue = new SequenceScorerQueue(new FakeScorer());
        await using var judge = new ImplicitRewardJudge(
            Options with
            {
                Reference = reference,
                LengthNormalised = normalised,
                LengthPenalty = penalty,
            },
            queue);
        judge.UsePolicy("policy");

        var verdict = await judge.JudgeAsync(Samples.OfPrompt("p", "ab", "abcde"), default);

        Assert.Equal([two, five], verdict.Judgements.Select(judgement => judgement.Score!.Value));
        Assert.Equal(BradleyTerry.Probability(two - five), Assert.Single(verdict.Comparisons!).Probability);
        Assert.All(verdict.Judgements, judgement => Assert.Contains("tokens", judgement.Explanation));
    }

    [Fact]
    public async Task JudgeAsync_policyIsTheReference_makesNoPair()
    {
        await using var queue = new SequenceScorerQueue(new FakeScorer());
        await using var judge = new ImplicitRewardJudge(Options, queue);
        judge.UsePolicy(null);
        var samples = Samples.OfPrompt("p", "ab", "abcde");

        var verdict = await judge.JudgeAsync(samples, default);

        Assert.All(verdict.Judgements, judgement => Assert.Equal(0, judgement.Score));
        Assert.All(verdict.Comparisons!, comparison => Assert.Equal(Preference.Tie, comparison.Preference));
        Assert.Empty(PairSelector.Select(samples, verdict, new(), 1).Pairs);
    }

    [Fact]
    public async Task JudgeAsync_namedPolicy_isUsedWhateverTheCurrentOneIs()
    {
        await using var queue = new SequenceScorerQueue(new FakeScorer());
        await using var judge = new ImplicitRewardJudge(Options with { Policy = "reference" }, queue);
        judge.UsePolicy("policy");

        var verdict = await judge.JudgeAsync(Samples.OfPrompt("p", "ab"), default);

        Assert.Equal(0.5 * 2 * 2, Assert.Single(verdict.Judgements).Score);
    }

    [Fact]
    public async Task JudgeAsync_textsWithoutTokenIds_areRefused()
    {
        await using var queue = new SequenceScorerQueue(new FakeScorer());
        await using var judge = new ImplicitRewardJudge(Options, queue);

        var error = await Assert.ThrowsAsync<UserInputException>(() =>
            judge.JudgeAsync(Samples.OfPrompt("p", "ab") with { PromptIds = [] }, default));

        Assert.Contains("'p'", error.Message, StringComparison.Ordinal);
        Assert.Contains("token ids", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckAsync_adapterFiles_areLookedAt()
    {
        var scorer = new FakeScorer();
        await using var queue = new SequenceScorerQueue(scorer);
        await using var judge = new ImplicitRewardJudge(Options with { Policy = "a", Reference = "b" }, queue);

        await judge.CheckAsync([], default);

        Assert.Equal(["a", "b"], scorer.Checked);
    }

    private sealed class FakeScorer : ISequenceScorer
    {
        public List<string> Checked { get; } = [];

        public void Check(IEnumerable<string> adapterPaths) => Checked.AddRange(adapterPaths);

        public void Load()
        {
        }

        public IReadOnlyList<double[]> LogProbs(
            IReadOnlyList<PromptSamples> prompts,
            string? adapterPath,
            CancellationToken cancellationToken) =>
            [
                .. prompts.Select(prompt =>
                    prompt.Samples.Select(sample => PerToken[adapterPath ?? "base"] * sample.TokenIds.Length).ToArray()),
            ];

        public void Dispose()
        {
        }
    }
}
