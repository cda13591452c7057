using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation;

/// <summary>A prompt, or what comes with it, cannot be used.</summary>
public sealed class PromptException(string promptId, string why) : UserInputException($"Prompt \"{promptId}\": {why}")
{
    public string PromptId { get; } = promptId;
}
