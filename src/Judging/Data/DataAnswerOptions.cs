using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Judging.Data;

/// <summary>Settings of a <see cref="DataAnswerJudge"/>.</summary>
[Setting(
    "The answer that the prompt's row gives (completion or chosen), which is then one more sample of each prompt, is better than all that are sampled (SPIN): docs/judges.md.")]
public sealed record DataAnswerOptions(string Name) : JudgeOptions(Name)
{
    public override IJudge Create(JudgeFactory factory) => new DataAnswerJudge(Name);
}
