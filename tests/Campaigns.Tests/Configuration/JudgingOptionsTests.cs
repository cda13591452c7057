using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Judging;

namespace IterativeDpo.Campaigns.Tests.Configuration;

public sealed class JudgingOptionsTests
{
    /// <summary>Every command that asks a judge has its attempts from here.</summary>
    [Theory]
    [InlineData(false, "42")]
    [InlineData(true, "<think>6 * 7</think>42")]
    public async Task AttemptsOf_aJudge_followTheOptions(bool seeThoughts, string seen)
    {
        var judge = new FailingJudge();
        var samples = new PromptSamples(
            new Prompt("p", null, "q", null, []),
            [],
            [new Sample(0, 0, [1, 2], [0, 0], "<think>6 * 7</think>42", FinishReason.Eos, 0, Thoughts: 1, AnswerAt: 20)]);

        var (judged, _) = await new JudgingOptions("mine", TimeSpan.FromMinutes(1), Retries: 3, SeeThoughts: seeThoughts)
            .AttemptsOf(judge, TimeProvider.System)
            .JudgeAsync(samples, default);

        Assert.Equal(Enumerable.Repeat(seen, 4), judge.Seen);
        Assert.Contains("no idea", judged.Failure, StringComparison.Ordinal);
    }

    private sealed class FailingJudge : IJudge
    {
        public List<string> Seen { get; } = [];

        public string Name => "mine";

        public bool ScoresSingleSamples => true;

        public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
        {
            Seen.Add(samples.Samples[0].Text);
            throw new InvalidOperationException("no idea");
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
