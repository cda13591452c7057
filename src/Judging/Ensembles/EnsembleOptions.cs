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
/// <param name="Members">Names of other judges, two or more.</param>
/// <param name="Weights">Above 0, one for each member; none: 1 each.</param>
/// <param name="MinimumAgreement">Votes: the winner's share of the weight, 0.5 to 1, below which two samples are a tie.</param>
/// <param name="MinimumMembers">Verdicts that it takes; with fewer the ensemble abstains, and fails where members failed. 0: all.</param>
public sealed record EnsembleOptions(
    string Name,
    IReadOnlyList<string> Members,
    IReadOnlyList<double> Weights,
    Combination Combine,
    Normalisation Normalise,
    double MinimumAgreement,
    int MinimumMembers) : JudgeOptions(Name)
{
    public override IReadOnlyList<string> Asks => Members;

    public override IJudge Create(JudgeFactory factory) => new EnsembleJudge(this, [.. Members.Select(factory.Create)]);
}
