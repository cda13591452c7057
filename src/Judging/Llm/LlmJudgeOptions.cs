using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Llm;

/// <summary>Settings of an <see cref="LlmJudge"/> that asks a model in this process.</summary>
/// <param name="ModelPath">Null: the campaign's model with the adapter of the policy whose samples are judged.</param>
[Setting("A language model in this process; also takes what is in judging.asking.")]
public sealed record LlmJudgeOptions(
    string Name,
    [Setting(WrittenAs = typeof(AskingOptions), DefaultsIn = "asking")] LlmMode Mode,
    [Setting(
        "A GGUF file or a folder of Hugging Face's libraries, relative to the file this is written in.  policy: the campaign's model with the adapter whose samples are judged (self-rewarding).",
        Key = "model", Off = "policy", IsPath = true)]
    string? ModelPath,
    [Setting(
        "Most tokens of a question and its answer together; a prompt whose questions are longer is not judged.",
        Default = "2048",
        Min = 16,
        Max = 10_000_000)]
        int ContextTokens,
    [Setting("Questions that are computed side by side.", Default = "8", Min = 1, Max = 255)] int Sequences,
    [Setting("Most tokens to one call of the model.", Default = "512", Min = 1, Max = 1_000_000)] int BatchTokens) : JudgeOptions(Name)
{
    public override IEnumerable<string> Files => ModelPath is null ? [] : [ModelPath];

    public override IEnumerable<string> Models => ModelPath is null ? ["the policy"] : base.Models;

    [JsonIgnore]
    public override bool AsksPolicy => ModelPath is null;

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
