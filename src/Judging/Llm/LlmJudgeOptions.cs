using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Llm;

/// <summary>Settings of an <see cref="LlmJudge"/> that asks a model in this process.</summary>
/// <param name="ModelPath">Its GGUF file; null: the campaign's model with the adapter of the policy whose samples are judged.</param>
/// <param name="ContextTokens">Most tokens of a question and its answer together.</param>
/// <param name="Sequences">Questions that are computed side by side.</param>
/// <param name="BatchTokens">Most tokens to one call of the model.</param>
public sealed record LlmJudgeOptions(string Name, LlmMode Mode, string? ModelPath, int ContextTokens, int Sequences, int BatchTokens) : JudgeOptions(Name)
{
    public override IEnumerable<string> Files => ModelPath is null ? [] : [ModelPath];

    public override IEnumerable<string> Models => ModelPath is null ? ["the policy"] : base.Models;

    public override CampaignParts Needs => CampaignParts.Seed | (ModelPath is null ? CampaignParts.Model : CampaignParts.None);

    public override IJudge Create(JudgeFactory factory)
    {
        var path = ModelPath ?? factory.ModelPath;
        var queue = factory.Shared(
            (path, ContextTokens, Sequences, BatchTokens), () => new ModelQueue(() => factory.Engines.Generator(path, this), Sequences));
        return new LlmJudge(Name, new LocalModel(path, ModelPath is null, queue, factory.Engines.Tokenizer), Mode, factory.Seed);
    }

    public override JudgeOptions WithoutIncidentals() => this with
    {
        Mode = Mode.WithoutIncidentals(),
        ModelPath = ModelPath is null ? null : "",
        Sequences = 0,
        BatchTokens = 0,
    };
}
