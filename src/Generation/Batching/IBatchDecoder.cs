namespace IterativeDpo.Generation.Batching;

/// <summary>
/// A model with one place to compute a prompt in and a row of slots that continue it. One caller at a time; a span of logits is valid
/// until the next call.
/// </summary>
public interface IBatchDecoder
{
    int Slots { get; }

    /// <summary>Forgets everything computed so far.</summary>
    void Reset();

    /// <summary>Computes a prompt, in place of the one before.</summary>
    /// <returns>The logits after its last token. [V]</returns>
    ReadOnlySpan<float> Prefill(ReadOnlySpan<int> promptIds);

    /// <summary>Lets a slot continue the prompt computed last.</summary>
    void Fork(int slot);

    /// <summary>Puts what one slot holds into another.</summary>
    void Move(int from, int to);

    /// <summary>Adds one token to each of the slots 0, 1, … in one batch.</summary>
    /// <param name="tokens">The token of each slot.</param>
    /// <param name="positions">Its position in the sequence, from 0.</param>
    void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions);

    /// <summary>The logits after the token a slot was given in the last decode. [V]</summary>
    ReadOnlySpan<float> Logits(int slot);
}
