using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Judging.Cascades;

/// <summary>Settings of a <see cref="CascadeJudge"/>.</summary>
[Setting("A cheap judge first, the next where it is unsure: where it abstains on a sample, or no two samples are far enough apart.")]
public sealed record CascadeOptions(
    string Name,
    [Setting("Names of other judges, two or more, in the order in which they are asked.")] IReadOnlyList<string> Steps,
    [Setting(
        "A step is sure of two samples whose scores are at least this far apart, in its units; they differ in any case. 0: off.",
        Default = "0",
        Min = 0)]
        double SureMargin,
    [Setting("Where it compared the two, it must say so with at least this probability. 0.5: off.", Default = "0.5", Min = 0.5, Max = 1)]
        double SureProbability) : JudgeOptions(Name)
{
    public override IReadOnlyList<string> Asks => Steps;

    public override IJudge Create(JudgeFactory factory) => new CascadeJudge(this, [.. Steps.Select(factory.Create)]);
}
