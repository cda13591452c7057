using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Ensembles;

/// <summary>A member's verdict on a prompt.</summary>
/// <param name="Name">The member's.</param>
/// <param name="Failure">How it failed, with an empty verdict; null where it did not.</param>
internal sealed record MemberVerdict(string Name, double Weight, PromptSamples Samples, Verdict Verdict, string? Failure = null)
{
    public VerdictTable Table { get; } = new(Samples.Prompt.Id, Verdict);

    public Judgement? JudgementOf(int index) => Verdict.Judgements.FirstOrDefault(judgement => judgement.SampleIndex == index);

    /// <summary>
    /// The share of the other scored samples that a sample is better than, equal ones by half; null where it has no score.
    /// </summary>
    public double? RankOf(int index)
    {
        if (Table.ScoreOf(index) is not { } score)
        {
            return null;
        }
        double[] others =
        [
            .. Samples.Samples.Where(sample => sample.Index != index).Select(sample => Table.ScoreOf(sample.Index)).OfType<double>(),
        ];
        return others.Length == 0 ? 0.5 : others.Average(other => score > other ? 1 : score < other ? 0 : 0.5);
    }

    public string Explain(int index) => Failure is not null
        ? $"{Name} failed: {Failure}"
        : JudgementOf(index) is { Score: { } score } judgement
            ? FormattableString.Invariant($"{Name} {score:0.####}: {judgement.Explanation}")
            : $"{Name} abstained: {JudgementOf(index)?.Explanation}";
}
