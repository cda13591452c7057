namespace IterativeDpo.Judging.Cascades;

/// <summary>Settings of a <see cref="CascadeJudge"/>.</summary>
/// <param name="Steps">Names of other judges, two or more, in the order in which they are asked.</param>
/// <param name="SureMargin">A step is sure of two samples whose scores differ, and by at least this much, in its units.</param>
/// <param name="SureProbability">Where it compared the two, the comparison must agree with at least this probability, 0.5 to 1.</param>
public sealed record CascadeOptions(string Name, IReadOnlyList<string> Steps, double SureMargin, double SureProbability) : JudgeOptions(Name)
{
    public override IReadOnlyList<string> Asks => Steps;

    public override IJudge Create(JudgeFactory factory) => new CascadeJudge(this, [.. Steps.Select(factory.Create)]);
}
