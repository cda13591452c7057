using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation;

/// <summary>A prompt must leave room for a completion in the context.</summary>
public static class PromptRoom
{
    /// <exception cref="UserInputException">It does not: names the prompt, both lengths and the key.</exception>
    public static void Check(Prompt prompt, int promptTokens, int contextSize)
    {
        if (promptTokens >= contextSize)
        {
            throw new UserInputException(
                $"Prompt '{prompt.Id}' has {promptTokens} tokens and leaves no room for a completion in the context of {contextSize}. "
                + "Shorten it, or raise generation.context-tokens (up to what the model was trained for).");
        }
    }
}
