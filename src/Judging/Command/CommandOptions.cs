using System.Text.Json;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Judging.Command;

/// <summary>Settings of a <see cref="CommandJudge"/>.</summary>
/// <param name="Command">The program and its arguments, which may hold secrets.</param>
/// <param name="Directory">Where it runs.</param>
/// <param name="StartTime">How long it must stay up to count as started.</param>
/// <param name="Restarts">Most times in a row that it is started again without having answered anything.</param>
/// <param name="ScoresSingleSamples">Whether it scores samples by themselves, or only compares them.</param>
public sealed record CommandOptions(
    string Name, IReadOnlyList<string> Command, string Directory, TimeSpan StartTime, int Restarts, bool ScoresSingleSamples) : JudgeOptions(Name)
{
    private const string DigestPrefix = "sha256:";

    public override IEnumerable<string> Models => [Command[0]];

    public override IJudge Create(JudgeFactory factory) => new CommandJudge(Setting, this, factory.WorkFile($"judge-{Name}.stderr.log"), factory.Time);

    public override JudgeOptions WithoutIncidentals() => this with { Directory = "", StartTime = TimeSpan.Zero, Restarts = 0 };

    public override JudgeOptions WithoutSecrets() => Command.Count == 1 || IsWithoutSecrets
        ? this
        : this with { Command = [Command[0], $"{DigestPrefix}{Digest.Of(JsonSerializer.SerializeToUtf8Bytes(Command.Skip(1)))}"] };

    /// <summary>Whether it was read from where it was stored.</summary>
    private bool IsWithoutSecrets => Command is [_, var only] && only.StartsWith(DigestPrefix, StringComparison.Ordinal);
}
