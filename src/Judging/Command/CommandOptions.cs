namespace IterativeDpo.Judging.Command;

/// <summary>Settings of a <see cref="CommandJudge"/>.</summary>
/// <param name="Command">The program and its arguments.</param>
/// <param name="Directory">Where it runs.</param>
/// <param name="StartTime">How long it must stay up to count as started.</param>
/// <param name="Restarts">Most times in a row that it is started again without having answered anything.</param>
/// <param name="ScoresSingleSamples">Whether it scores samples by themselves, or only compares them.</param>
public sealed record CommandOptions(
    string Name, IReadOnlyList<string> Command, string Directory, TimeSpan StartTime, int Restarts, bool ScoresSingleSamples) : JudgeOptions(Name)
{
    public override IEnumerable<string> Models => [string.Join(' ', Command)];

    public override JudgeOptions WithoutIncidentals() => this with { Directory = "", StartTime = TimeSpan.Zero, Restarts = 0 };
}
