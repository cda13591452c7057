using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Generation.Batching;

/// <summary>Every token's bytes, and which tokens end a completion. Control tokens have no bytes.</summary>
public sealed class TokenTable
{
    private readonly byte[] _bytes;
    private readonly int[] _starts; // [V + 1]
    private readonly bool[] _ends; // [V]

    /// <param name="thoughts">Null where the model does not think.</param>
    public TokenTable(IReadOnlyList<byte[]> pieces, IReadOnlySet<int> endTokens, ThoughtMarks? thoughts = null)
    {
        Thoughts = thoughts;
        _starts = new int[pieces.Count + 1];
        _ends = new bool[pieces.Count];
        for (var id = 0; id < pieces.Count; id++)
        {
            _starts[id + 1] = _starts[id] + pieces[id].Length;
            _ends[id] = endTokens.Contains(id);
        }
        _bytes = [.. pieces.SelectMany(piece => piece)];
    }

    public ThoughtMarks? Thoughts { get; }

    public int Count => _ends.Length;

    public ReadOnlySpan<byte> Piece(int id) => _bytes.AsSpan(_starts[id].._starts[id + 1]);

    public bool EndsCompletion(int id) => _ends[id];
}
