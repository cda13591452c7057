using IterativeDpo.Generation;

namespace IterativeDpo.Judging;

/// <summary>A judge's verdict on one sample. No score means that the judge abstained.</summary>
/// <param name="SampleIndex">The <see cref="Sample.Index"/> judged.</param>
/// <param name="Score">0 (worst) to 1 (best), or null: abstained.</param>
/// <param name="Explanation">Why, for provenance.</param>
public sealed record Judgement(int SampleIndex, double? Score, string Explanation);

/// <summary>Labels all samples of a prompt. A failure is an exception, never a score.</summary>
public interface IJudge
{
    /// <summary>Names the judge and its settings in provenance.</summary>
    string Name { get; }

    Task<IReadOnlyList<Judgement>> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken);
}
