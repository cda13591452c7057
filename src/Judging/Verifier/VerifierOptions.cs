namespace IterativeDpo.Judging.Verifier;

/// <summary>Settings of a <see cref="VerifierJudge"/>.</summary>
public sealed record VerifierOptions(string Name) : JudgeOptions(Name);
