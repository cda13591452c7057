using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Actors.Tests.Fakes;

/// <summary>The verifier, with a chance to fail first.</summary>
internal sealed class FakeJudge(FakeLog log) : IJudge
{
    private readonly VerifierJudge _verifier = new();

    /// <summary>Called before each prompt; may throw or wait.</summary>
    public Func<PromptSamples, CancellationToken, Task> BeforePrompt { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>Called whenever the judge has to be loaded.</summary>
    public Func<CancellationToken, Task> OnLoad { get; init; } = _ => Task.CompletedTask;

    public Action OnClose { get; init; } = () => { };

    public string Name => "fake";

    public bool ScoresSingleSamples { get; init; } = true;

    /// <summary>Whether it minds prompts' checks, as the verifier does.</summary>
    public bool ChecksPrompts { get; init; } = true;

    /// <summary>Why it cannot be asked; null where it can.</summary>
    public string? Trouble { get; init; }

    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken) => Trouble is { } trouble
        ? throw new UserInputException(trouble)
        : ChecksPrompts ? _verifier.CheckAsync(prompts, cancellationToken) : Task.CompletedTask;

    public int Time { get; private set; }

    public void AskAnew(int time) => Time = time;

    public Task LoadAsync(CancellationToken cancellationToken) => OnLoad(cancellationToken);

    public async Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        log.Add($"judged {samples.Prompt.Id}");
        await BeforePrompt(samples, cancellationToken);
        return await _verifier.JudgeAsync(samples, cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        OnClose();
        return ValueTask.CompletedTask;
    }
}
