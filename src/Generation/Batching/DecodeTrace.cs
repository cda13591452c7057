namespace IterativeDpo.Generation.Batching;

/// <summary>
/// Passes every call on to a decoder and notes it, so that the same batches can be run again with nothing else around them: the
/// upper bound that generation is measured against.
/// </summary>
public sealed class DecodeTrace(IBatchDecoder decoder) : IBatchDecoder
{
    private readonly List<Action> _calls = [];

    public int Slots => decoder.Slots;

    /// <summary>Tokens of prompts, and decoded ones.</summary>
    public long PromptTokens { get; private set; }

    public long DecodedTokens { get; private set; }

    /// <summary>Runs the noted calls again, on the same tokens.</summary>
    public void Replay() => _calls.ForEach(call => call());

    public void Reset() => Note(decoder.Reset);

    public ReadOnlySpan<float> Prefill(ReadOnlySpan<int> promptIds)
    {
        var ids = promptIds.ToArray();
        _calls.Add(() => decoder.Prefill(ids));
        PromptTokens += ids.Length;
        return decoder.Prefill(ids);
    }

    public void Fork(int slot) => Note(() => decoder.Fork(slot));

    public void Move(int from, int to) => Note(() => decoder.Move(from, to));

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions)
    {
        var (ids, places) = (tokens.ToArray(), positions.ToArray());
        DecodedTokens += ids.Length;
        Note(() => decoder.Decode(ids, places));
    }

    public ReadOnlySpan<float> Logits(int slot) => decoder.Logits(slot);

    private void Note(Action call)
    {
        _calls.Add(call);
        call();
    }
}
