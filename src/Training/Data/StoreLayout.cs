using System.Buffers.Binary;

namespace IterativeDpo.Training.Data;

/// <summary>
/// The bytes of a store, little-endian: a header; records; the summary as JSON; a tail. An index is not stored: opening reads the whole
/// file once anyway, for its checksum.
/// </summary>
internal static class StoreLayout
{
    public static ReadOnlySpan<byte> Magic => "DPOEXAMP"u8;

    /// <summary>Magic, key (SHA-256), maximum length, whether the examples are labelled completions.</summary>
    public const int HeaderBytes = 8 + 32 + 4 + 4;

    /// <summary>Records, bytes of the summary, SHA-256 of everything before it.</summary>
    public const int TailBytes = 4 + 4 + 32;
}

/// <summary>The head of a record, which the prompt's id in UTF-8 and the token ids of prompt, first and second completion follow.</summary>
/// <param name="Second">A pair's rejected tokens; of a labelled completion the record with its mismatch (-1: the last that fits the
/// first).</param>
internal readonly record struct StoredHead(double Label, int PromptIdBytes, int Group, int PromptTokens, int FirstTokens, int Second)
{
    public const int Bytes = 8 + (5 * 4);

    public static StoredHead Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadDoubleLittleEndian(bytes), Int(bytes, 0), Int(bytes, 1), Int(bytes, 2), Int(bytes, 3), Int(bytes, 4));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, Label);
        int[] numbers = [PromptIdBytes, Group, PromptTokens, FirstTokens, Second];
        for (var i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes[(8 + (4 * i))..], numbers[i]);
        }
    }

    /// <summary>Bytes of what follows the head.</summary>
    public long BodyBytes(bool labelled) => PromptIdBytes + (4L * (PromptTokens + (long)FirstTokens + (labelled ? 0 : Second)));

    /// <summary>Whether the numbers can be a record's at all, with so many bytes left.</summary>
    public bool Fits(bool labelled, long bytesLeft) =>
        PromptIdBytes >= 0 && PromptTokens >= 0 && FirstTokens >= 0 && Second >= (labelled ? -1 : 0) && BodyBytes(labelled) <= bytesLeft;

    private static int Int(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadInt32LittleEndian(bytes[(8 + (4 * index))..]);
}
