using IterativeDpo.Generation;
using IterativeDpo.Judging.Data;
using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Judging.Tests.Data;

public sealed class DataAnswerJudgeTests
{
    [Fact]
    public async Task JudgeAsync_dataAnswer_isTheChosenOneOfEveryPair()
    {
        var samples = WithAnswer("right", "a", "b", "right");

        var selection = PairSelector.Select(samples, await JudgeAsync(samples), new(PairStrategy.AllAboveMargin, 9), 1);

        // The third sample is what the data says: there is nothing to learn from it.
        Assert.Equal([(3, 0), (3, 1)], selection.Pairs.Select(pair => (pair.ChosenIndex, pair.RejectedIndex)).Order());
        Assert.Equal(1, selection.Counts.Duplicates);
    }

    [Fact]
    public async Task JudgeAsync_withoutADataAnswer_abstains() =>
        Assert.All((await JudgeAsync(Samples.OfPrompt("p", "a", "b"))).Judgements, judgement => Assert.Null(judgement.Score));

    private static PromptSamples WithAnswer(string answer, params string[] texts)
    {
        var samples = Samples.OfPrompt("p", [.. texts, answer]);
        return samples with { Samples = [.. samples.Samples.SkipLast(1), samples.Samples[^1] with { Model = Sample.OfData }] };
    }

    private static async Task<Verdict> JudgeAsync(PromptSamples samples)
    {
        await using var judge = new DataAnswerJudge("data");
        Assert.False(judge.ScoresSingleSamples);
        return await judge.JudgeAsync(samples, default);
    }
}
