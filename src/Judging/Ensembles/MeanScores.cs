using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Ensembles;

/// <summary>The weighted mean of the members' scores of each sample.</summary>
internal static class MeanScores
{
    /// <param name="required">Scores below which the ensemble abstains on a sample.</param>
    public static Verdict Of(PromptSamples samples, IReadOnlyList<MemberVerdict> members, Normalisation normalise, int required) =>
        new([.. samples.Samples.Select(sample => new Judgement(
            sample.Index,
            Mean(sample.Index, members, normalise, required),
            EnsembleJudge.Explain(members, sample.Index),
            EnsembleJudge.CallsOf(members, sample.Index))),
    ]);

    private static double? Mean(int index, IReadOnlyList<MemberVerdict> members, Normalisation normalise, int required)
    {
        (double Weight, double Score)[] scored = [.. members
            .Select(member => (member.Weight, Score: normalise == Normalisation.Rank ? member.RankOf(index) : member.Table.ScoreOf(index)))
            .Where(member => member.Score is not null)
            .Select(member => (member.Weight, member.Score!.Value))];
        return scored.Length < required
            ? null
            : EnsembleJudge.Round(scored.Sum(member => member.Weight * member.Score) / scored.Sum(member => member.Weight));
    }
}
