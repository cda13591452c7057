using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Tests;

/// <summary>Says what it is told to, and remembers what it was asked.</summary>
internal sealed class FakeJudge(Func<PromptSamples, CancellationToken, Task<Verdict>> judge) : IJudge
{
    public FakeJudge(params double?[] scores) : this(new Verdict([.. scores.Select((score, i) => new Judgement(i, score, $"because {i}"))]))
    {
    }

    public FakeJudge(Verdict verdict) : this((_, _) => Task.FromResult(verdict))
    {
    }

    public string Name => "fake";

    public bool ScoresSingleSamples { get; init; } = true;

    public int Asked { get; private set; }

    public int Checked { get; private set; }

    public bool Disposed { get; private set; }

    public string? Policy { get; private set; }

    public int Time { get; private set; }

    public static FakeJudge Failing(string message) => new((_, _) => throw new InvalidOperationException(message));

    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken)
    {
        Checked++;
        return Task.CompletedTask;
    }

    public void UsePolicy(string? adapterPath) => Policy = adapterPath;

    public void AskAnew(int time) => Time = time;

    public Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        Asked++;
        return judge(samples, cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return ValueTask.CompletedTask;
    }
}
