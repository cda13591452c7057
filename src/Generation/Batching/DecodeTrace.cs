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

    public int Places => decoder.Places;

    public void Reset() => Note(decoder.Reset);

    public void Prefill(IReadOnlyList<int[]> prompts, PromptLogits onLogits)
    {
        _calls.Add(() => decoder.Prefill(prompts, (_, _) => { }));
        PromptTokens += prompts.Sum(ids => ids.Length);
        decoder.Prefill(prompts, onLogits);
    }

    public void Fork(int place, int slot) => Note(() => decoder.Fork(place, slot));

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
