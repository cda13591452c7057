using IterativeDpo.Generation;
using IterativeDpo.Judging.Implicit;
using IterativeDpo.Judging.Llm;
using IterativeDpo.Judging.Reward;

namespace IterativeDpo.Judging;

/// <summary>The engines of judges that ask a model in this process. Each call opens or loads one.</summary>
/// <param name="Tokenizer">That of a GGUF file.</param>
/// <param name="Generator">A GGUF file, at the size that a judge's settings give it.</param>
/// <param name="SequenceScorer">On the campaign's base model.</param>
public sealed record JudgeEngines(
    Func<string, ITextTokenizer> Tokenizer,
    Func<string, LlmJudgeOptions, ILogitGenerator> Generator,
    Func<RewardModelOptions, IRewardModel> RewardModel,
    Func<ISequenceScorer> SequenceScorer);
