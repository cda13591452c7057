using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Verifier;

/// <summary>Settings of a <see cref="VerifierJudge"/>.</summary>
/// <param name="Checks">For prompts that have none of their own; null is none.</param>
public sealed record VerifierOptions(string Name, IReadOnlyList<AnswerCheck>? Checks = null) : JudgeOptions(Name)
{
    public override IJudge Create(JudgeFactory factory) => new VerifierJudge(Checks, Name);
}
