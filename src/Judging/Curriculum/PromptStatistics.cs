namespace IterativeDpo.Judging.Curriculum;

/// <summary>How a campaign fared on one prompt so far.</summary>
/// <param name="Rounds">Rounds in which it was judged.</param>
/// <param name="LastRound">The last of them.</param>
/// <param name="Samples">Samples with a score, over all rounds.</param>
/// <param name="Solved">Those of them that are right.</param>
/// <param name="MeanScore">Over all rounds; null where no sample has a score.</param>
/// <param name="LastSolveRate">Share of the last round's samples that are right, 0 to 1; null where none had a score.</param>
public sealed record PromptStatistics(
    string PromptId, int Rounds, int LastRound, int Samples, int Solved, double? MeanScore = null, double? LastSolveRate = null)
{
    /// <summary>Takes a round's scores into the statistics.</summary>
    /// <param name="before">In any order.</param>
    /// <param name="scores">The scores of a prompt's samples, without those that the judge abstained on; each prompt once.</param>
    /// <returns>By id, so that equal statistics are equal bytes.</returns>
    public static IReadOnlyList<PromptStatistics> Update(
        IEnumerable<PromptStatistics> before,
        int round,
        IEnumerable<(string PromptId, IReadOnlyList<double> Scores)> scores,
        Func<double, bool> isRight)
    {
        var all = before.ToDictionary(prompt => prompt.PromptId);
        foreach (var (id, own) in scores)
        {
            all[id] = all.GetValueOrDefault(id, new PromptStatistics(id, 0, 0, 0, 0)).With(round, own, own.Count(isRight));
        }
        return [.. all.Values.OrderBy(prompt => prompt.PromptId, StringComparer.Ordinal)];
    }

    private PromptStatistics With(int round, IReadOnlyList<double> scores, int solved)
    {
        var samples = Samples + scores.Count;
        return this with
        {
            Rounds = Rounds + 1,
            LastRound = round,
            Samples = samples,
            Solved = Solved + solved,
            MeanScore = samples == 0 ? null : (((MeanScore ?? 0) * Samples) + scores.Sum()) / samples,
            LastSolveRate = scores.Count == 0 ? null : (double)solved / scores.Count,
        };
    }
}
