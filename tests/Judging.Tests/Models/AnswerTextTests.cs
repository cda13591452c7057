using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Tests.Models;

public sealed class AnswerTextTests
{
    [Theory]
    [InlineData("Score: 4", "Score: 4")]
    [InlineData("<think>Score: 1</think>\nScore: 4", "\nScore: 4")]
    [InlineData("Score: 1 or 2?</think>Score: 4", "Score: 4")]
    [InlineData("<think>a</think>no<think>b</think>Score: 4", "Score: 4")]
    [InlineData("[THINK]a[/THINK]Score: 4", "Score: 4")]
    [InlineData("<Thinking>a</Thinking>", "")]
    public void Of_leaves_out_what_was_thought(string text, string expected) => Assert.Equal(expected, AnswerText.Of(text, isCut: false));

    [Theory]
    [InlineData("<think>Score: 1", false, "ends within its thoughts")]
    [InlineData("<think>a</think>Score: 4 <think>or", false, "ends within its thoughts")]
    [InlineData("<think>Score: 1", true, "ends within its thoughts")]
    [InlineData("Score: 4", true, "is cut at max-tokens")]
    public void Of_what_did_not_come_to_its_answer_says_so(string text, bool isCut, string problem) =>
        Assert.Contains(problem, Assert.Throws<JudgeModelException>(() => AnswerText.Of(text, isCut)).Message);
}
