namespace IterativeDpo.Generation.Batching;

/// <summary>
/// A model with a few places to compute prompts in and a row of slots that continue them. One caller at a time; a span of logits is
/// valid until the next call.
/// </summary>
public interface IBatchDecoder
{
    int Slots { get; }

    /// <summary>Forgets everything computed so far.</summary>
    void Reset();

    /// <summary>Most prompts computed at once.</summary>
    int Places { get; }

    /// <summary>Computes prompts side by side, in place of those before. What they begin with in common is computed once.</summary>
    /// <param name="prompts">The token ids of at most <see cref="Places"/> prompts; prompt i is then in place i.</param>
    void Prefill(IReadOnlyList<int[]> prompts, PromptLogits onLogits);

    /// <summary>Lets a slot continue the prompt in a place.</summary>
    void Fork(int place, int slot);

    /// <summary>Puts what one slot holds into another.</summary>
    void Move(int from, int to);

    /// <summary>Adds one token to each of the slots 0, 1, … in one batch.</summary>
    /// <param name="tokens">The token of each slot.</param>
    /// <param name="positions">Its position in the sequence, from 0.</param>
    void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions);

    /// <summary>The logits after the token a slot was given in the last decode. [V]</summary>
    ReadOnlySpan<float> Logits(int slot);
}

/// <summary>Takes the logits after a prompt's last token.</summary>
/// <param name="prompt">Its place among the prompts.</param>
/// <param name="logits">[V]</param>
public delegate void PromptLogits(int prompt, ReadOnlySpan<float> logits);
