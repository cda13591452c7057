using IterativeDpo.Judging.Llm;

namespace IterativeDpo.Judging.Tests.Llm;

public sealed class RubricGraderTests
{
    private static readonly RubricMode Rubric = new(
        new PromptTemplate("rubric.txt", "[system]\n{rubric}\n[user]\n{prompt} {answer}"),
        "one point each",
        Answers: 3,
        Temperature: 0.7f,
        MaxTokens: 64);

    [Theory]
    [InlineData("Fine.\nScore: 4", 4.0)]
    [InlineData("score:3.5", 3.5)]
    [InlineData("**Score:** 2", 2.0)]
    [InlineData("Score: <1>, no: Score: 5", 5.0)]
    [InlineData("Score: 0", 0.0)]
    [InlineData("Score: 6", null)]
    [InlineData("Score: 1 is too low. Score: 99", null)]
    [InlineData("4 points", null)]
    [InlineData("Score: -1", null)]
    [InlineData("Score: \u0664", null)]
    [InlineData("", null)]
    public void ReadPoints_ofAnAnswer_isTheLastItSays(string answer, double? expected) =>
        Assert.Equal(expected, RubricGrader.ReadPoints(answer));

    [Fact]
    public async Task JudgeAsync_severalAnswers_isTheMeanOfThoseThatSayPoints()
    {
        var answers = new Queue<string>(["Score: 4", "no idea", "Score: 1"]);
        var model = new ScriptedModel { Answer = (_, _) => { lock (answers) { return answers.Dequeue(); } } };

        var judgement = (await Judge(model, "x")).Judgements.Single();

        Assert.Equal(0.5, judgement.Score);
        Assert.Equal(["[system]\none point each\n\n[user]\n? x"], judgement.Calls!.Select(call => call.Prompt).Distinct());
        Assert.Equal(["Score: 1", "Score: 4", "no idea"], judgement.Calls!.Select(call => call.Answer).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task JudgeAsync_noAnswerSaysPoints_abstains()
    {
        var judgement = (await Judge(new ScriptedModel { Answer = (_, _) => "I would rather not" }, "x")).Judgements.Single();

        Assert.Null(judgement.Score);
        Assert.Equal("points of 5: none, none, none", judgement.Explanation);
    }

    [Fact]
    public async Task JudgeAsync_equalTexts_areAskedAboutOnceAndScoreTheSame()
    {
        var model = new ScriptedModel { Answer = (question, _) => question.EndsWith('x') ? "Score: 5" : "Score: 2" };

        var verdict = await Judge(model, "x", "y", "x");

        Assert.Equal([1.0, 0.4, 1.0], verdict.Judgements.Select(judgement => judgement.Score!.Value));
        Assert.Equal(6, verdict.Usage!.Calls);
    }

    [Fact]
    public async Task JudgeAsync_calledTwice_asksWithTheSameSeedsAndNoneTwice()
    {
        var (first, second) = (new ScriptedModel { Answer = (_, _) => "" }, new ScriptedModel { Answer = (_, _) => "" });

        await Judge(first, "x", "y");
        await Judge(second, "x", "y");

        Assert.Equal(6, first.Seeds.Distinct().Count());
        Assert.Equal(first.Seeds.Order(), second.Seeds.Order());
    }

    [Fact]
    public void ScoresSingleSamples_byMode_isTheRubrics()
    {
        var comparing = new ComparingMode(Rubric.Template, ["A", "B"], 0, 0, 0);

        Assert.True(new LlmJudge("judge", new ScriptedModel(), Rubric, 1).ScoresSingleSamples);
        Assert.False(new LlmJudge("judge", new ScriptedModel(), comparing, 1).ScoresSingleSamples);
    }

    private static Task<Verdict> Judge(ScriptedModel model, params string[] texts) =>
        new LlmJudge("judge", model, Rubric, seed: 1).JudgeAsync(Samples.OfPrompt("p1", texts), CancellationToken.None);
}
