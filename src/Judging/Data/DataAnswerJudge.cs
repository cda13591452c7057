using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Data;

/// <summary>
/// Self-play fine-tuning (SPIN, arXiv 2401.01335): the answer of the data is better than any that was sampled, and these are as good as
/// each other. Where there is none of the data it abstains.
/// </summary>
public sealed class DataAnswerJudge(string name) : IJudge
{
    public string Name => name;

    /// <summary>An answer is only ever worse than another.</summary>
    public bool ScoresSingleSamples => false;

    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        var isThere = samples.Samples.Any(sample => sample.Model == Sample.OfData);
        return Task.FromResult(new Verdict([.. samples.Samples.Select(sample => (isThere, sample.Model) switch
        {
            (false, _) => new Judgement(sample.Index, null, "no answer of the data to compare it with"),
            (_, Sample.OfData) => new Judgement(sample.Index, 1, "the data's answer"),
            _ => new Judgement(sample.Index, 0, "sampled"),
        })]));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
