namespace IterativeDpo.Judging.Reward;

/// <summary>Settings of a <see cref="RewardModelJudge"/>.</summary>
/// <param name="ModelPath">A GGUF file.</param>
/// <param name="HeadPath">A GGUF or safetensors file with its head; null where that is in the model's.</param>
/// <param name="ContextTokens">Most tokens of a prompt and an answer together.</param>
/// <param name="BatchTokens">Most tokens to one call of the model.</param>
/// <param name="TieMargin">Rewards closer than this are a tie, 0 or more.</param>
public sealed record RewardModelOptions(
    string Name,
    string ModelPath,
    string? HeadPath,
    int ContextTokens,
    int BatchTokens,
    double TieMargin) : JudgeOptions(Name)
{
    public override IEnumerable<string> Files => HeadPath is null ? [ModelPath] : [ModelPath, HeadPath];

    public override IJudge Create(JudgeFactory factory) => new RewardModelJudge(this, factory.Shared(
        (ModelPath, HeadPath, ContextTokens, BatchTokens), () => new RewardModelQueue(factory.Engines.RewardModel(this))));

    public override JudgeOptions WithoutIncidentals() =>
        this with { ModelPath = "", HeadPath = HeadPath is null ? null : "", BatchTokens = 0 };
}
