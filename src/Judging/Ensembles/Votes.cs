using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Ensembles;

/// <summary>
/// A vote of the members on every two samples. A sample's score is the mean of its shares of the votes; so scores and comparisons may
/// differ where the votes go round in a circle, and pair selection then takes neither.
/// </summary>
internal static class Votes
{
    /// <param name="agreement">The winner's share of the weight, of those that did not abstain, below which two samples are a tie.</param>
    /// <param name="required">Votes below which the ensemble abstains on two samples.</param>
    public static Verdict Of(PromptSamples samples, IReadOnlyList<MemberVerdict> members, double agreement, int required)
    {
        int[] indices = [.. samples.Samples.Select(sample => sample.Index).Order()];
        Comparison[] comparisons =
        [
            .. indices.SelectMany((first, i) => indices.Skip(i + 1).Select(second => Compare(first, second, members, agreement, required))),
        ];
        var shares = comparisons
            .Where(comparison => comparison.Preference != Preference.Abstained)
            .SelectMany(comparison => new[]
            {
                (Index: comparison.First, Share: comparison.Probability),
                (Index: comparison.Second, Share: 1 - comparison.Probability),
            })
            .ToLookup(item => item.Index, item => item.Share);
        return new(
            [.. samples.Samples.Select(sample => new Judgement(
                sample.Index,
                shares.Contains(sample.Index) ? EnsembleJudge.Round(shares[sample.Index].Average()) : null,
                EnsembleJudge.Explain(members, sample.Index),
                EnsembleJudge.CallsOf(members, sample.Index)))],
            comparisons);
    }

    private static Comparison Compare(int first, int second, IReadOnlyList<MemberVerdict> members, double agreement, int required)
    {
        var votes = members.Select(member => (Member: member, Vote: member.Table.Compare(first, second))).ToArray();
        var cast = votes.Where(vote => vote.Vote.Preference != Preference.Abstained).ToArray();
        var explanation = string.Join("; ", votes.Select(vote => Explain(vote.Member, vote.Vote, first, second)));
        JudgeCall[] calls = [.. members.SelectMany(member => member.Table.ComparisonOf(first, second)?.Calls ?? [])];
        if (cast.Length < required)
        {
            return Verdict(Preference.Abstained, 0.5);
        }
        var share = EnsembleJudge.Round(
            cast.Sum(vote => vote.Member.Weight * ShareOf(vote.Vote.Preference)) / cast.Sum(vote => vote.Member.Weight));
        var preference =
            share == 0.5 || Math.Max(share, 1 - share) < agreement ? Preference.Tie
            : share > 0.5 ? Preference.First
            : Preference.Second;
        return Verdict(preference, share);

        Comparison Verdict(Preference preference, double probability) =>
            new(first, second, preference, probability, explanation, Calls: calls.Length == 0 ? null : calls);
    }

    private static double ShareOf(Preference vote) => vote switch
    {
        Preference.First => 1,
        Preference.Second => 0,
        _ => 0.5,
    };

    private static string Explain(MemberVerdict member, (Preference Preference, double Probability) vote, int first, int second)
    {
        if (member.Failure is not null)
        {
            return $"{member.Name} failed";
        }
        var said = vote.Preference switch
        {
            Preference.First => $"#{first}",
            Preference.Second => $"#{second}",
            Preference.Tie => "tie",
            _ => "abstained",
        };
        return member.Table.ComparisonOf(first, second) is { Explanation.Length: > 0 } comparison
            ? $"{member.Name}: {said} ({comparison.Explanation})"
            : $"{member.Name}: {said}";
    }
}
