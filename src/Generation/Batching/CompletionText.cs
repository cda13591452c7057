using System.Text;

namespace IterativeDpo.Generation.Batching;

/// <summary>
/// A completion's text as bytes: a character may be split over tokens, so it becomes a string only at the end. Cut before the first stop
/// string.
/// </summary>
public sealed class CompletionText(IReadOnlyList<byte[]> stops)
{
    private readonly int _longestStop = stops.Count == 0 ? 0 : stops.Max(stop => stop.Length);
    private byte[] _bytes = new byte[256];
    private int _length;

    /// <summary>Bytes so far.</summary>
    public int Length => _length;

    public void Clear() => _length = 0;

    /// <returns>Whether a stop string is complete; it and what follows it are cut off.</returns>
    public bool Append(ReadOnlySpan<byte> piece)
    {
        if (_length + piece.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + piece.Length));
        }
        piece.CopyTo(_bytes.AsSpan(_length));
        // A stop string that ends in this piece starts at most its length - 1 before it.
        var start = Math.Max(0, _length - _longestStop + 1);
        _length += piece.Length;
        var cut = int.MaxValue;
        foreach (var stop in stops)
        {
            var found = _bytes.AsSpan(start, _length - start).IndexOf(stop);
            if (found >= 0)
            {
                cut = Math.Min(cut, start + found);
            }
        }
        if (cut == int.MaxValue)
        {
            return false;
        }
        _length = cut;
        return true;
    }

    /// <summary>The text; bytes that are not UTF-8 become U+FFFD.</summary>
    public override string ToString() => Encoding.UTF8.GetString(_bytes, 0, _length);

    /// <summary>How long the text of so many bytes is; of all where there are fewer.</summary>
    public int CharactersOf(int bytes) => Encoding.UTF8.GetCharCount(_bytes, 0, Math.Min(bytes, _length));
}
