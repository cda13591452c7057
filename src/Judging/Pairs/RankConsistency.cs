namespace IterativeDpo.Judging.Pairs;

/// <summary>How far two judges rank the samples of a prompt alike (CREAM, arXiv 2410.12735).</summary>
public static class RankConsistency
{
    /// <summary>
    /// (1 + τ) / 2, τ Kendall's: of every two samples, those put the same way round less those put the other way round; equal scores are
    /// neither.
    /// </summary>
    /// <returns>0 (turned round) to 1 (alike); null where fewer than two samples have a score of both.</returns>
    public static double? Of(IReadOnlyList<Judgement> now, IReadOnlyList<Judgement> before)
    {
        var earlier = before
            .Where(judgement => judgement.Score is not null)
            .ToDictionary(judgement => judgement.SampleIndex, judgement => judgement.Score!.Value);
        (double Now, double Before)[] scores =
            [
                .. now.Where(judgement => judgement.Score is not null && earlier.ContainsKey(judgement.SampleIndex))
                    .Select(judgement => (judgement.Score!.Value, earlier[judgement.SampleIndex])),
            ];
        var (sum, pairs) = (0, scores.Length * (scores.Length - 1) / 2);
        for (var i = 0; i < scores.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                sum += scores[i].Now.CompareTo(scores[j].Now) * scores[i].Before.CompareTo(scores[j].Before);
            }
        }
        return pairs == 0 ? null : (1 + (double)sum / pairs) / 2;
    }
}
