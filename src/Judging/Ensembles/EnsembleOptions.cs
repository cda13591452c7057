using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Judging.Ensembles;

/// <summary>How the members' verdicts become one.</summary>
public enum Combination
{
    /// <summary>On every two samples each member has a vote: by its comparison, or else by its scores.</summary>
    Vote,

    /// <summary>The weighted mean of the members' scores.</summary>
    Mean,
}

/// <summary>What is done to a member's scores of a prompt before they are averaged.</summary>
public enum Normalisation
{
    None,

    /// <summary>A sample's score becomes the share of the prompt's other samples that it is better than, equal ones by half.</summary>
    Rank,
}

/// <summary>Settings of an <see cref="EnsembleJudge"/>.</summary>
[Setting("Several judges as one: docs/judges.md.")]
public sealed record EnsembleOptions(
    string Name,
    [Setting("Names of other judges, two or more.")] IReadOnlyList<string> Members,
    [Setting("What each counts, in the same order, above 0. []: 1 each.", Default = "[]", Min = 0, IsSingle = true)]
        IReadOnlyList<double> Weights,
    [Setting("vote: on every two samples, each member by its comparison or else its scores; the winner's share is the pair's probability.\n"
        + "mean: the mean of the members' scores, which must be comparable.", Default = "vote")]
    Combination Combine,
    [Setting(
        "mean: what is done first to a member's scores of a prompt. none.  rank: the share of the other samples that a sample is better than.",
        Default = "none")]
    Normalisation Normalise,
    [Setting("vote: below this share of the votes two samples are a tie.", Default = "0.5", Min = 0.5, Max = 1)] double MinimumAgreement,
    [Setting(
        "With fewer verdicts than this the ensemble abstains; where members failed, it is tried again. 0: all members.",
        Default = "0",
        Min = 0)]
        int MinimumMembers) : JudgeOptions(Name), ICheckedSettings
{
    public override IReadOnlyList<string> Asks => Members;

    public override IJudge Create(JudgeFactory factory) => new EnsembleJudge(this, [.. Members.Select(factory.Create)]);

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet)
    {
        if (MinimumMembers > Math.Max(1, Members.Count))
        {
            yield return new("minimum-members", $"{MinimumMembers}", $"it must be a whole number from 0 to {Math.Max(1, Members.Count)}");
        }
        if (Weights.Count > 0 && (Weights.Count != Members.Count || Weights.Contains(0)))
        {
            yield return new(
                "weights",
                $"[{string.Join(", ", Weights.Select(weight => (float)weight))}]",
                $"there must be one above 0 for each of the {Members.Count} members, or [] for 1 each");
        }
        if (Combine == Combination.Mean && MinimumAgreement != 0.5)
        {
            yield return new("minimum-agreement", $"{MinimumAgreement}", "only votes agree; leave it out, or set combine = vote");
        }
        if (Combine == Combination.Vote && Normalise != Normalisation.None)
        {
            yield return new(
                "normalise",
                Words.Kebab(Normalise),
                "a vote goes by which score is higher, so this changes nothing; leave it out, or set combine = mean");
        }
    }
}
