using IterativeDpo.Generation.Batching;

namespace IterativeDpo.Generation.Tests.Batching;

/// <summary>
/// A decoder whose logits are a function of the tokens a slot holds, and of nothing else. It fails on positions or slots that do not
/// follow from the calls before.
/// </summary>
internal sealed class ToyDecoder(int slots, Func<IReadOnlyList<int>, float[]> logits, int places = 1) : IBatchDecoder
{
    private readonly List<int>[] _held = [.. Enumerable.Range(0, slots).Select(_ => new List<int>())];
    private IReadOnlyList<int[]> _prompts = [];

    public int Slots => slots;

    public int Places => places;

    public List<int> BatchSizes { get; } = [];

    public int Prefills { get; private set; }

    public void Reset() => Array.ForEach(_held, held => held.Clear());

    public void Prefill(IReadOnlyList<int[]> prompts, PromptLogits onLogits)
    {
        Assert.InRange(prompts.Count, 1, places);
        Prefills += prompts.Count;
        _prompts = prompts;
        for (var prompt = 0; prompt < prompts.Count; prompt++)
        {
            onLogits(prompt, logits(prompts[prompt]));
        }
    }

    public void Fork(int place, int slot) => _held[slot] = [.. _prompts[place]];

    public void Move(int from, int to) => _held[to] = [.. _held[from]];

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions)
    {
        BatchSizes.Add(tokens.Length);
        for (var slot = 0; slot < tokens.Length; slot++)
        {
            Assert.Equal(_held[slot].Count, positions[slot]);
            _held[slot].Add(tokens[slot]);
        }
    }

    public ReadOnlySpan<float> Logits(int slot) => logits(_held[slot]);
}
