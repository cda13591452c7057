using System.Collections.Concurrent;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Runs;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Judging.Tests.Runs;

/// <summary>Prompts of two answers each, and a place for a judge's verdicts on them.</summary>
internal sealed class LabelFixture(int prompts) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public LabelledSamples[] Prompts { get; } = [.. Enumerable.Range(0, prompts).Select(i => new LabelledSamples(
        new PromptSamples(new Prompt($"p{i}", null, $"{i}?", null, []), [], [Answer(0, $"long {i}"), Answer(1, "no")]), null))];

    public string OutPath => _directory["verdicts.jsonl"];

    public JudgeQuality Quality { get; } = new();

    public async Task<(LabelProgress Done, string? Failure)> RunAsync(
        IJudge judge,
        VerdictLog? log,
        int concurrency = 1,
        IReadOnlyList<AnswerCheck>? checks = null,
        CancellationToken cancellationToken = default)
    {
        var attempts = new JudgeAttempts(judge, TimeSpan.FromMinutes(1), 0, TimeProvider.System);
        var run = new LabelRun(attempts, concurrency, log, Quality, new Dictionary<string, Verdict>(), new VerifierJudge(checks));
        return (await run.RunAsync(Prompts, Prompts.Length, new Progress<LabelProgress>(), cancellationToken), run.FirstFailure);
    }

    public IEnumerable<string> JudgedIds()
    {
        using var stream = File.OpenRead(OutPath);
        return [.. VerdictFile.Read(stream, OutPath).Select(verdict => verdict.PromptId)];
    }

    public void Dispose() => _directory.Dispose();

    private static Sample Answer(int index, string text) => new(index, 0, [], [], text, FinishReason.Eos, 0);
}

/// <summary>Likes the first sample best.</summary>
internal sealed class FirstIsBest(Func<string, CancellationToken, Task>? before = null) : IJudge
{
    public ConcurrentBag<string> Asked { get; } = [];

    public string Name { get; init; } = "first";

    public bool ScoresSingleSamples => true;

    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        Asked.Add(samples.Prompt.Id);
        await (before?.Invoke(samples.Prompt.Id, cancellationToken) ?? Task.CompletedTask);
        return new Verdict([.. samples.Samples.Select(sample => new Judgement(sample.Index, -sample.Index, ""))]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
