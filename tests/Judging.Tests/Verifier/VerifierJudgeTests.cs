using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Judging.Tests.Verifier;

public class VerifierJudgeTests
{
    [Theory]
    [InlineData("exact", "42", "42", 1)]
    [InlineData("exact", "42", "42.", 0)]
    [InlineData("exact", "Ab", "ab", 0)]
    [InlineData("exact", "42", " 42", 0)]
    [InlineData("numeric", "42", "The answer is 42.", 1)]
    [InlineData("numeric", "42", "42 or 43", 0)]
    [InlineData("numeric", "42", "no idea", 0)]
    [InlineData("numeric", "-7", "that makes -7", 1)]
    [InlineData("numeric", "1234.5", "1,234.50", 1)]
    [InlineData("numeric", "0.2±0.1", "0.3", 1)]
    [InlineData("numeric", "0.2±0.1", "0.31", 0)]
    [InlineData("numeric", "1000", "1e3", 1)]
    [InlineData("numeric", "1", "99999999999999999999999999999999999999", 0)]
    [InlineData("regex", "^[a-c]+$", "abc", 1)]
    [InlineData("regex", "^[a-c]+$", "abcd", 0)]
    [InlineData("regex", "(.)\\1", "hello", 1)]
    [InlineData("contains", "ell", "hello", 1)]
    [InlineData("contains", "ELL", "hello", 0)]
    [InlineData("json", """{"a":1,"b":[true]}""", """{ "b": [true], "a": 1.0 }""", 1)]
    [InlineData("json", """{"a":1}""", """{"a":"1"}""", 0)]
    [InlineData("json", """{"a":1}""", """{'a':1}""", 0)]
    [InlineData("json", """["x","y"]""", """["y","x"]""", 0)]
    [InlineData("json", """["x"]""", """Sure! ["x"]""", 0)]
    public async Task JudgeAsync_oneCheck_scoresByItsMeaning(string kind, string value, string text, double expected)
    {
        var judgement = await JudgeAsync(Samples.Of(0, text), new AnswerCheck(kind, value));

        Assert.Equal(expected, judgement.Score);
    }

    [Theory]
    [InlineData("exact", 0)]
    [InlineData("numeric", 0)]
    [InlineData("json", 0)]
    [InlineData("contains", 1)]
    [InlineData("regex", 1)]
    public async Task JudgeAsync_completionCutAtTheLimit_countsOnlyForChecksOfAPart(string kind, double expected)
    {
        var judgement = await JudgeAsync(Samples.Of(0, "42", FinishReason.Length), new AnswerCheck(kind, "42"));

        Assert.Equal(expected, judgement.Score);
        Assert.Contains("cut at the token limit", judgement.Explanation);
    }

    [Fact]
    public async Task JudgeAsync_stopString_endsAnAnswer() =>
        Assert.Equal(1, (await JudgeAsync(Samples.Of(0, "42", FinishReason.Stop), new AnswerCheck("exact", "42"))).Score);

    [Fact]
    public async Task JudgeAsync_severalChecks_weighsThemAndExplainsEach()
    {
        var judgement = await JudgeAsync(Samples.Of(0, "x 42"), new("exact", "42", 3), new("contains", "42", 1));

        Assert.Equal(0.25, judgement.Score);
        Assert.Equal("exact 42: no; contains 42: yes", judgement.Explanation);
    }

    [Fact]
    public async Task JudgeAsync_noChecks_abstains() =>
        Assert.Null((await JudgeAsync(Samples.Of(0, "42"))).Score);

    [Fact]
    public async Task JudgeAsync_severalSamples_judgesEachByItsIndex()
    {
        var samples = new PromptSamples(Samples.Prompt(new AnswerCheck("exact", "b")), [1], [Samples.Of(4, "a"), Samples.Of(2, "b")]);

        var verdict = await new VerifierJudge().JudgeAsync(samples, CancellationToken.None);

        Assert.Equal([(4, 0.0), (2, 1.0)], verdict.Judgements.Select(judgement => (judgement.SampleIndex, judgement.Score!.Value)));
    }

    [Theory]
    [InlineData("exactly", "42", 1, "there is no such kind")]
    [InlineData("regex", "(", 1, "not a .NET regular expression")]
    [InlineData("numeric", "forty", 1, "must be a number")]
    [InlineData("numeric", "1±-1", 1, "must be a number")]
    [InlineData("numeric", "1±2±3", 1, "must be a number")]
    [InlineData("json", "{", 1, "not JSON")]
    [InlineData("exact", "42", -1, "the weight -1")]
    [InlineData("exact", "42", double.NaN, "the weight NaN")]
    [InlineData("exact", "42", 0, "add up to 0")]
    public async Task CheckAsync_badCheck_namesThePromptAndTheFault(string kind, string value, double weight, string fault)
    {
        var error = await Assert.ThrowsAsync<UserInputException>(
            () => new VerifierJudge().CheckAsync([Samples.Prompt(new AnswerCheck(kind, value, weight))], CancellationToken.None));

        Assert.StartsWith("Prompt \"p1\"", error.Message);
        Assert.Contains(fault, error.Message);
    }

    private static async Task<Judgement> JudgeAsync(Sample sample, params AnswerCheck[] checks) =>
        (await new VerifierJudge().JudgeAsync(new PromptSamples(Samples.Prompt(checks), [1], [sample]), CancellationToken.None)).Judgements.Single();
}
