using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Runs;

namespace IterativeDpo.Judging.Tests.Runs;

public sealed class JudgeRunTests : IDisposable
{
    private readonly LabelFixture _fixture = new(40);

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task JudgeAsync_firstPromptIsSlow_givesAllInTheirOrder()
    {
        var others = new TaskCompletionSource();
        var asked = 0;
        var judge = new FirstIsBest((id, _) =>
        {
            if (Interlocked.Increment(ref asked) == 10)
            {
                others.SetResult();
            }
            return id == "p0" ? others.Task : Task.CompletedTask;
        });

        var judged = await JudgeAsync(judge, concurrency: 2).ToArrayAsync();

        Assert.Equal(_fixture.Prompts.Select(prompt => prompt.Samples.Prompt.Id), judged.Select(prompt => prompt.Judged.PromptId));
    }

    [Fact]
    public async Task JudgeAsync_whatTheUserMustPutRight_endsItThoughAnEarlierPromptIsUnderWay()
    {
        var hangs = new TaskCompletionSource();
        var judge = new FirstIsBest(async (id, token) =>
        {
            if (id == "p0")
            {
                hangs.SetResult();
                await Task.Delay(Timeout.Infinite, token);
            }
            await hangs.Task;
            throw new UserInputException("no key");
        });

        await Assert.ThrowsAsync<UserInputException>(() => JudgeAsync(judge, concurrency: 2).ToArrayAsync().AsTask());

        Assert.InRange(judge.Asked.Count, 2, 3);
    }

    [Fact]
    public async Task JudgeAsync_ofPromptsWithoutEnd_holdsNoMoreThanAreUnderWay()
    {
        var read = 0;
        var endless = Enumerable.Range(0, int.MaxValue).Select(i =>
        {
            read++;
            return _fixture.Prompts[i % 40];
        });

        await foreach (var _ in new JudgeRun(Attempts(new FirstIsBest()), 1).JudgeAsync(endless, _ => null, null, default))
        {
            break;
        }

        Assert.InRange(read, 1, 17);
    }

    [Fact]
    public async Task JudgeAsync_verdictThatIsKnown_isNotAskedForAndNotKeptAgain()
    {
        var known = new PromptVerdict("p1", new Verdict([]));
        var kept = new List<string>();
        var judge = new FirstIsBest();

        var judged = await new JudgeRun(Attempts(judge), 1)
            .JudgeAsync(
                _fixture.Prompts.Take(3),
                samples => samples.Prompt.Id == "p1" ? known : null,
                (samples, _) => kept.Add(samples.Prompt.Id),
                default)
            .ToArrayAsync();

        Assert.Same(known, judged[1].Judged);
        Assert.Equal([true, false, true], judged.Select(prompt => prompt.IsNew));
        Assert.Equal(["p0", "p2"], judge.Asked.Order());
        Assert.Equal(["p0", "p2"], kept);
    }

    private IAsyncEnumerable<JudgedPrompt> JudgeAsync(FirstIsBest judge, int concurrency) =>
        new JudgeRun(Attempts(judge), concurrency).JudgeAsync(_fixture.Prompts, _ => null, null, default);

    private static JudgeAttempts Attempts(FirstIsBest judge) => new(judge, TimeSpan.FromMinutes(1), 0, TimeProvider.System);
}
