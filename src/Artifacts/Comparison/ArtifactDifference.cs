namespace IterativeDpo.Artifacts.Comparison;

/// <summary>In what two artifacts of one kind differ.</summary>
/// <param name="First">The first difference, in words: which row or tensor, and by how much.</param>
/// <param name="IsSmall">Whether all of it is within what other processors, builds or threads make of the same work.</param>
public sealed record ArtifactDifference(string First, bool IsSmall)
{
    /// <param name="before">The artifact that is compared with.</param>
    /// <param name="now">One of the same kind: a GGUF file, or JSON lines.</param>
    /// <param name="aside">A field of JSON lines, by its path, that does not count.</param>
    /// <returns>Null where they are equal, byte by byte but for what does not count.</returns>
    /// <exception cref="UserInputException">One of them cannot be read.</exception>
    public static ArtifactDifference? Between(string before, string now, string? aside = null) =>
        Digest.OfFile(before) == Digest.OfFile(now) ? null
        : IsGguf(before) && IsGguf(now) ? TensorComparison.Of(before, now)
        : LineComparison.Of(before, now, aside);

    /// <summary>The first difference of two JSON documents, in words; null where they have the same values.</summary>
    public static string? InWords(string before, string now) => LineComparison.FirstIn(before, now);

    private static bool IsGguf(string path)
    {
        using var stream = File.OpenRead(path);
        Span<byte> magic = stackalloc byte[4];
        return stream.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual("GGUF"u8);
    }
}
