using System.Collections.Concurrent;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Host.Judges;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Host.Tests.Judges;

/// <summary>Prompts of two answers each in a file, a judge that likes the first, and a place for its verdicts.</summary>
internal sealed class LabelFixture : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-judge-");

    public LabelFixture(int prompts) => File.WriteAllLines(
        FilePath, Enumerable.Range(0, prompts).Select(i => $$"""{"id":"p{{i}}","prompt":"{{i}}?","completions":["long {{i}}","no"]}"""));

    public string FilePath => Path.Combine(_directory.FullName, "samples.jsonl");

    public string OutPath => Path.Combine(_directory.FullName, "verdicts.jsonl");

    public JudgeQuality Quality { get; } = new();

    public async Task<(LabelProgress Done, string? Failure)> RunAsync(
        IJudge judge, VerdictLog? log, int concurrency = 1, IReadOnlyList<JudgeOptions>? judges = null, CancellationToken cancellationToken = default)
    {
        var options = new JudgingOptions("verifier", TimeSpan.FromMinutes(1), 0, concurrency, judges);
        using var run = new LabelRun(judge, options, log, Quality, new Dictionary<string, Verdict>(), isVerifier: false, TimeProvider.System);
        var prompts = LabelledSamples.Read(FilePath);
        return (await run.RunAsync(prompts, prompts.Count(), new Progress<LabelProgress>(), cancellationToken), run.FirstFailure);
    }

    public IEnumerable<string> JudgedIds() => File.ReadLines(OutPath).Select(line => VerdictFile.Parse(line, OutPath).PromptId);

    public void Dispose() => _directory.Delete(recursive: true);
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
