using System.Text.Json.Serialization;

namespace IterativeDpo.Generation;

/// <summary>Why a completion ended: the model's own end token, a stop string, or the token limit.</summary>
public enum FinishReason { Eos, Stop, Length }

/// <summary>A completion of one prompt.</summary>
/// <param name="Index">Which of the prompt's samples this is, from 0.</param>
/// <param name="Seed">The seed of its random stream, see <see cref="SampleSeed"/>.</param>
/// <param name="TokenIds">Sampled ids in order, the end token included when the finish reason is <see cref="FinishReason.Eos"/>.</param>
/// <param name="LogProbs">Natural-log probability of each token under the untempered policy, same length as the ids.</param>
/// <param name="Text">The ids as text, without the end token and without the stop string.</param>
/// <param name="MeanEntropy">Mean entropy, in nats, of the untempered distributions the tokens were drawn from.</param>
/// <param name="Model">Who generated it, where samples of several models come together.</param>
public sealed record Sample(
    int Index,
    ulong Seed,
    int[] TokenIds,
    float[] LogProbs,
    string Text,
    FinishReason FinishReason,
    float MeanEntropy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Model = null);

/// <summary>All samples of one prompt, with the prompt's token ids as the model saw them (template and BOS included).</summary>
public sealed record PromptSamples(Prompt Prompt, int[] PromptIds, IReadOnlyList<Sample> Samples);
