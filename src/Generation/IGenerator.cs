using IterativeDpo.Generation.Batching;

namespace IterativeDpo.Generation;

/// <summary>A prompt to be completed: one seed for every sample wanted.</summary>
public sealed record GenerationRequest(Prompt Prompt, IReadOnlyList<ulong> Seeds);

/// <summary>A loaded base model that completes prompts, with at most one adapter on it at a time. One call at a time.</summary>
public interface IGenerator : IDisposable
{
    /// <summary>Most tokens a prompt and its completion may have together.</summary>
    int ContextSize { get; }

    /// <summary>Tokens sampled since it was loaded, while it works too; any thread may read it.</summary>
    long GeneratedTokens { get; }

    /// <summary>
    /// Puts the adapter in this GGUF file on the base, or takes off the one there is (null). The base is not loaded again.
    /// </summary>
    void UseAdapter(string? adapterPath);

    /// <summary>
    /// A prompt's token ids: chat messages through the model's template with the assistant's turn opened, special tokens once.
    /// </summary>
    int[] Tokenize(Prompt prompt);

    /// <summary>The token ids of the answer that a prompt's row gives, as they follow those of the prompt, end token included.</summary>
    /// <exception cref="Artifacts.UserInputException">The model's template cannot show it.</exception>
    int[] EncodeAnswer(Prompt prompt) => throw new NotSupportedException($"{GetType().Name} takes no answers.");

    /// <summary>
    /// Completes every prompt; each prompt's samples are reported once, when its last one is finished, in no fixed order.
    /// </summary>
    Task GenerateAsync(
        IReadOnlyList<GenerationRequest> requests,
        SamplingOptions options,
        Action<PromptSamples> onFinished,
        CancellationToken cancellationToken);

    /// <summary>
    /// Natural-log probability of the tokens of recorded samples under the base with the adapter that is on it now, untempered, summed over
    /// each sample; of every sample of the prompts, in order.
    /// </summary>
    Task<double[]> LogProbsAsync(IReadOnlyList<PromptSamples> prompts, CancellationToken cancellationToken);
}

/// <summary>A generator that also says how likely each token comes after a prompt.</summary>
public interface ILogitGenerator : IGenerator
{
    /// <summary>Computes prompts side by side; nothing is sampled.</summary>
    /// <param name="prompts">Their token ids.</param>
    /// <param name="onLogits">Gets each prompt's logits once, in no fixed order.</param>
    Task PrefillAsync(IReadOnlyList<int[]> prompts, PromptLogits onLogits, CancellationToken cancellationToken);
}
