using IterativeDpo.Generation;
using IterativeDpo.Judging.Llm;
using IterativeDpo.Judging.Models;
using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Judging.Tests.Llm;

public sealed class SampleComparerTests
{
    private static readonly ComparingMode Pairwise = new(
        new PromptTemplate("pairwise.txt", "[user]\n{prompt} A={answer_a} B={answer_b}"),
        ["A", "B"],
        TieMargin: 0.05,
        MinLabelMass: 0.1,
        MaxComparisons: 0);

    [Fact]
    public async Task JudgeAsync_modelWithATaste_prefersThatSampleInBothOrders()
    {
        var model = new ScriptedModel
        {
            Choose = question => question.Contains("A=good", StringComparison.Ordinal) ? [0.6, 0.2] : [0.1, 0.7],
        };

        var verdict = await Judge(model, Pairwise, "bad", "good");

        var comparison = Assert.Single(verdict.Comparisons!);
        Assert.Equal((0, 1, Preference.Second), (comparison.First, comparison.Second, comparison.Preference));
        Assert.Equal(0.125, comparison.Forward!.Value, 1e-12);
        Assert.Equal(0.25, comparison.Backward!.Value, 1e-12);
        Assert.Equal(0.1875, comparison.Probability, 1e-12);
        Assert.Equal([0.1875, 0.8125], verdict.Judgements.Select(judgement => judgement.Score!.Value));
        Assert.Equal(["[user]\n? A=bad B=good", "[user]\n? A=good B=bad"], comparison.Calls!.Select(call => call.Prompt));
        Assert.Equal(["A 0.1, B 0.7", "A 0.6, B 0.2"], comparison.Calls!.Select(call => call.Answer));
        Assert.Equal(2, verdict.Usage!.Calls);
    }

    [Fact]
    public void Show_conversationWithTools_hasThemAndCallsAsText()
    {
        var prompt = PromptFile.Parse(
            """{"prompt": [{"role": "user", "content": "Rome?"}, {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": {"city": "Rome"}}}]}, {"role": "tool", "content": "18"}], "tools": [{"name": "f"}]}""",
            "here");

        Assert.Equal(
            "tools: [{\"name\":\"f\"}]\n\nuser: Rome?\n\nassistant: {\"name\":\"f\",\"arguments\":{\"city\":\"Rome\"}}\n\ntool: 18",
            LlmJudge.Show(prompt));
    }

    [Fact]
    public async Task JudgeAsync_modelThatPrefersAPlace_isATieThatKeepsItsProbability()
    {
        var model = new ScriptedModel { Choose = question => question.Contains("A=x", StringComparison.Ordinal) ? [0.9, 0.1] : [0.7, 0.3] };

        var verdict = await Judge(model, Pairwise, "x", "y");

        var comparison = Assert.Single(verdict.Comparisons!);
        Assert.Equal(Preference.Tie, comparison.Preference);
        Assert.Equal((0.9, 0.3), (comparison.Forward!.Value, Math.Round(comparison.Backward!.Value, 12)));
        Assert.Equal(0.6, comparison.Probability, 1e-12);
        Assert.Equal([0.5, 0.5], verdict.Judgements.Select(judgement => judgement.Score!.Value));
    }

    [Theory]
    [InlineData(0.05, Preference.Tie)]
    [InlineData(0.03, Preference.First)]
    public async Task JudgeAsync_withinTheTieMargin_isATie(double margin, Preference expected)
    {
        var model = new ScriptedModel
        {
            Choose = question => question.Contains("A=x", StringComparison.Ordinal) ? [0.54, 0.46] : [0.46, 0.54],
        };

        Assert.Equal(expected, (await Judge(model, Pairwise with { TieMargin = margin }, "x", "y")).Comparisons![0].Preference);
    }

    [Fact]
    public async Task JudgeAsync_tieLabelLikeliest_isATie()
    {
        var model = new ScriptedModel
        {
            Choose = question => question.Contains("A=x", StringComparison.Ordinal) ? [0.4, 0.1, 0.5] : [0.1, 0.4, 0.5],
        };

        var comparison = (await Judge(model, Pairwise with { Labels = ["A", "B", "C"] }, "x", "y")).Comparisons![0];

        Assert.Equal((Preference.Tie, 0.65), (comparison.Preference, Math.Round(comparison.Probability, 12)));
    }

    [Fact]
    public async Task JudgeAsync_labelsHardlyLikely_abstains()
    {
        var model = new ScriptedModel
        {
            Choose = question => question.Contains("A=x", StringComparison.Ordinal) ? [0.05, 0.04] : [0.1, 0.8],
        };

        var verdict = await Judge(model, Pairwise, "x", "y");

        Assert.Equal(Preference.Abstained, verdict.Comparisons![0].Preference);
        Assert.All(verdict.Judgements, judgement => Assert.Null(judgement.Score));
    }

    [Fact]
    public async Task JudgeAsync_noLabelAtAll_abstainsWhateverTheLeastMass() =>
        Assert.Equal(
            Preference.Abstained,
            (await Judge(new ScriptedModel { Choose = _ => [0, 0] }, Pairwise with { MinLabelMass = 0 }, "x", "y"))
                .Comparisons![0]
                .Preference);

    [Fact]
    public async Task JudgeAsync_equalTexts_areAskedAboutOnceAndScoreTheSame()
    {
        var model = new ScriptedModel { Choose = question => question.Contains("A=x", StringComparison.Ordinal) ? [0.8, 0.2] : [0.2, 0.8] };

        var verdict = await Judge(model, Pairwise, "x", "y", "x");

        Assert.Equal(2, model.Asked.Count);
        Assert.Equal([0.8, 0.2, 0.8], verdict.Judgements.Select(judgement => Math.Round(judgement.Score!.Value, 12)));
    }

    [Fact]
    public async Task JudgeAsync_copyOfATextThatTied_isComparedAsItsFirstSampleAndMakesNoPairOfTheTie()
    {
        var model = new ScriptedModel
        {
            Choose = question => question switch { "? A=x B=z" => [0.9, 0.1], "? A=z B=x" => [0.1, 0.9], _ => [0.5, 0.5] },
        };

        var verdict = await Judge(model, Pairwise, "x", "y", "z", "x");

        Assert.Equal(
            [(0, 1, Preference.Tie), (3, 1, Preference.Tie), (0, 2, Preference.First), (3, 2, Preference.First), (1, 2, Preference.Tie)],
            verdict.Comparisons!.Select(comparison => (comparison.First, comparison.Second, comparison.Preference)));
        var copy = verdict.Comparisons![3];
        Assert.Null(copy.Calls);
        Assert.EndsWith("the same texts as samples 0 and 2", copy.Explanation, StringComparison.Ordinal);
        var pair = Assert.Single(
            PairSelector.Select(Samples.OfPrompt("p1", "x", "y", "z", "x"), verdict, new(PairStrategy.AllAboveMargin, 100), 1).Pairs);
        Assert.Equal((2, 0.9), (pair.RejectedIndex, pair.Probability));
    }

    [Fact]
    public async Task JudgeAsync_oneTextOnly_asksNothing()
    {
        var model = new ScriptedModel();

        Assert.Equal([0.5, 0.5], (await Judge(model, Pairwise, "x", "x")).Judgements.Select(judgement => judgement.Score));
        Assert.Null((await Judge(model, Pairwise, "x")).Judgements.Single().Score);
        Assert.Empty(model.Asked);
    }

    [Fact]
    public async Task JudgeAsync_threeSamples_scoreIsTheMeanWithTiesAsOneHalf()
    {
        // 0 beats 1 with 0.8, 1 and 2 tie, 0 beats 2 with 0.6.
        var wins = new Dictionary<string, double> { ["? A=0 B=1"] = 0.8, ["? A=1 B=2"] = 0.52, ["? A=0 B=2"] = 0.6 };
        var model = new ScriptedModel
        {
            Choose = question =>
                wins.TryGetValue(question, out var win)
                    ? [win, 1 - win]
                    : [1 - wins[$"? A={question[^1]} B={question[4]}"], wins[$"? A={question[^1]} B={question[4]}"]],
        };

        var verdict = await Judge(model, Pairwise, "0", "1", "2");

        Assert.Equal([0.7, 0.35, 0.45], verdict.Judgements.Select(judgement => Math.Round(judgement.Score!.Value, 12)));
    }

    [Fact]
    public async Task CheckAsync_asksTheModelAboutTheTemplate()
    {
        var model = new ScriptedModel();

        await new LlmJudge("judge", model, Pairwise, seed: 1).CheckAsync([], CancellationToken.None);

        Assert.Equal(["prompt A=answer_a B=answer_b"], model.Asked);
    }

    [Fact]
    public async Task JudgeAsync_modelFails_throws() =>
        await Assert.ThrowsAsync<JudgeModelException>(() => Judge(new ScriptedModel(), Pairwise, "x", "y", "z"));

    [Fact]
    public async Task JudgeAsync_constitution_combinesItsPrinciplesByWeightAndNamesEach()
    {
        // Brief: x with 0.9. True: y with 0.8. Kind: neither place is told.
        double XWins(string question) => question.StartsWith("brief", StringComparison.Ordinal) ? 0.9 : 0.2;
        var model = new ScriptedModel
        {
            Choose = question => question.StartsWith("kind", StringComparison.Ordinal) ? [0, 0]
                : question.Contains("A=x", StringComparison.Ordinal) ? [XWins(question), 1 - XWins(question)]
                : [1 - XWins(question), XWins(question)],
        };
        var constitution = Pairwise with
        {
            Template = new PromptTemplate("constitution.txt", "[user]\n{principle}: {prompt} A={answer_a} B={answer_b}"),
            Principles = [new("brief", 1), new("true", 3), new("kind", 1)],
        };

        var comparison = (await Judge(model, constitution, "x", "y")).Comparisons![0];

        Assert.Equal((0.9 + 3 * 0.2) / 4, comparison.Probability, 1e-12);
        Assert.Equal(Preference.Second, comparison.Preference);
        Assert.Contains(
            "\"brief\": first, the first wins with 0.900 shown first and 0.900 shown second; \"true\": second",
            comparison.Explanation,
            StringComparison.Ordinal);
        Assert.Contains("\"kind\": abstained", comparison.Explanation, StringComparison.Ordinal);
        Assert.Equal(6, comparison.Calls!.Count);
    }

    private static async Task<Verdict> Judge(ScriptedModel model, LlmMode mode, params string[] texts) =>
        await new LlmJudge("judge", model, mode, seed: 1).JudgeAsync(Samples.OfPrompt("p1", texts), CancellationToken.None);
}
