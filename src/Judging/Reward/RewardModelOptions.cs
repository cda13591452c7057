using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Judging.Reward;

/// <summary>Settings of a <see cref="RewardModelJudge"/>.</summary>
[Setting(
    "A reward model in this process: a decoder with a classification head of one output, on the answer's last token. Scores have no bounds. docs/judges.md.")]
public sealed record RewardModelOptions(
    string Name,
    [Setting("A GGUF file or a folder of Hugging Face's libraries, relative to the file this is written in.", Key = "model", IsPath = true)]
        string ModelPath,
    [Setting(
        "The head, where it is not in the model's GGUF (cls.output.weight): another GGUF, or a safetensors file (score.weight). Empty: in the model's.",
        Key = "head", Default = "", Off = "", IsPath = true)]
    string? HeadPath,
    [Setting(
        "Most tokens of a prompt and an answer together; a prompt with longer ones is not judged. At most what the model was trained for.",
        Default = "2048",
        Min = 16,
        Max = 10_000_000)]
    int ContextTokens,
    [Setting("Most tokens to one call of the model; at least those of the context.", Default = "2048", Min = 1, Max = 1_000_000)]
        int BatchTokens,
    [Setting("Rewards closer than this are a tie. 0: equal ones only.", Default = "0", Min = 0)] double TieMargin) : JudgeOptions(Name)
{
    public override IEnumerable<string> Files => HeadPath is null ? [ModelPath] : [ModelPath, HeadPath];

    public override IJudge Create(JudgeFactory factory) => new RewardModelJudge(this, factory.Shared(
        (ModelPath, HeadPath, ContextTokens, BatchTokens), () => new RewardModelQueue(factory.Engines.RewardModel(this))));

    public override JudgeOptions WithoutIncidentals() =>
        this with { ModelPath = "", HeadPath = HeadPath is null ? null : "", BatchTokens = 0 };
}
