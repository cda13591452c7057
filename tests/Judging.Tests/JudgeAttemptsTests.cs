using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Tests;

public class JudgeAttemptsTests
{
    private static readonly PromptSamples s_samples = new(
        new Prompt("p", null, "q", null, []),
        [],
        [
            new Sample(0, 0, [1, 2, 3], [0, 0, 0], "<think>6 * 7</think>\n\n42", FinishReason.Eos, 0, Thoughts: 2, AnswerAt: 20),
            Samples.Of(1, "41"),
        ]);

    [Theory]
    [InlineData(false, "42")]
    [InlineData(true, "<think>6 * 7</think>\n\n42")]
    public async Task JudgeAsync_showsTheAnswerAlone_unlessThoughtsAreAskedFor(bool seeThoughts, string seen)
    {
        string[] texts = [];
        var judge = new FakeJudge((samples, _) =>
        {
            texts = [.. samples.Samples.Select(sample => sample.Text)];
            return Task.FromResult(new Verdict([]));
        });

        await new JudgeAttempts(judge, TimeSpan.FromMinutes(1), 0, TimeProvider.System, seeThoughts).JudgeAsync(
            s_samples,
            CancellationToken.None);

        Assert.Equal([seen, "41"], texts);
    }

    [Theory]
    [InlineData("<think>a</think>b", "b")]
    [InlineData("\n<think>\na\n</think>\n\nb</think>c", "b</think>c")]
    [InlineData("[THINK]a[/THINK]b", "b")]
    [InlineData("<think>a", "")]
    [InlineData("b <think>a</think>", "b <think>a</think>")]
    public void Answer_ofATextOfWhoevers_isWhatFollowsItsThoughts(string text, string answer) =>
        Assert.Equal(answer, (Samples.Of(0, text) with { AnswerAt = Sample.AnswerIn(text) }).Answer);
}
