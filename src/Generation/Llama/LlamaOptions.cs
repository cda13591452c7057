namespace IterativeDpo.Generation.Llama;

/// <summary>A generator's model and size.</summary>
/// <param name="ModelPath">The base model, a GGUF file.</param>
/// <param name="ContextSize">Most tokens of a prompt and its completion together.</param>
/// <param name="Sequences">Completions decoded side by side, 1 to 255.</param>
/// <param name="Threads">Threads that llama.cpp computes with.</param>
/// <param name="BatchTokens">Most prompt tokens computed at once.</param>
/// <param name="ChatTemplate">What its chat template is given; null is nothing.</param>
public sealed record LlamaOptions(
    string ModelPath,
    int ContextSize,
    int Sequences = 32,
    int Threads = 1,
    int BatchTokens = 512,
    ChatTemplateOptions? ChatTemplate = null);
