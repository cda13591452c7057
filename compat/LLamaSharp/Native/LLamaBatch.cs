namespace LLama.Native;

/// <summary>Tokens for one call of decode. It grows as needed and is meant to be cleared and used again.</summary>
public unsafe class LLamaBatch
{
    // Pinned for good: llama.cpp reads the arrays in place, and a token's sequence list is a pointer into one of them.
    private int[] _tokens = [];
    private int[] _positions = [];
    private int[] _sequences = [];
    private int[] _sequenceCounts = [];
    private nint[] _sequencePointers = [];
    private byte[] _logits = [];

    public LLamaBatch() => Grow(128);

    internal int TokenCount { get; private set; }

    /// <summary>Adds a token to one sequence.</summary>
    /// <returns>Its index in the batch, by which its logits are read.</returns>
    public int Add(LLamaToken token, LLamaPos pos, LLamaSeqId sequence, bool logits)
    {
        if (TokenCount == _tokens.Length)
        {
            Grow(TokenCount * 2);
        }
        _tokens[TokenCount] = (int)token;
        _positions[TokenCount] = pos.Value;
        _sequences[TokenCount] = sequence.Value;
        _logits[TokenCount] = logits ? (byte)1 : (byte)0;
        return TokenCount++;
    }

    public void Clear() => TokenCount = 0;

    internal NativeBatch ToNative() => new()
    {
        n_tokens = TokenCount,
        token = Address<int>(_tokens),
        pos = Address<int>(_positions),
        n_seq_id = Address<int>(_sequenceCounts),
        seq_id = (int**)Address<nint>(_sequencePointers),
        logits = (sbyte*)Address<byte>(_logits),
    };

    private void Grow(int capacity)
    {
        _tokens = Resized(_tokens, capacity);
        _positions = Resized(_positions, capacity);
        _sequences = Resized(_sequences, capacity);
        _logits = Resized(_logits, capacity);
        _sequenceCounts = Resized(_sequenceCounts, capacity);
        _sequencePointers = Resized(_sequencePointers, capacity);
        Array.Fill(_sequenceCounts, 1);
        for (var i = 0; i < capacity; i++)
        {
            _sequencePointers[i] = (nint)(Address<int>(_sequences) + i);
        }
    }

    private static T[] Resized<T>(T[] array, int capacity)
    {
        var larger = GC.AllocateArray<T>(capacity, pinned: true);
        array.CopyTo(larger, 0);
        return larger;
    }

    private static T* Address<T>(T[] pinned) where T : unmanaged =>
        (T*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(pinned));
}
