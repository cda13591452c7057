using System.Security.Cryptography;

namespace IterativeDpo.Artifacts;

/// <summary>The SHA-256 of a file's bytes, 64 lower-case hexadecimal digits: an artifact's name.</summary>
public readonly record struct Digest(string Hex)
{
    public static Digest Of(ReadOnlySpan<byte> bytes) => new(Convert.ToHexStringLower(SHA256.HashData(bytes)));

    /// <exception cref="UserInputException">A pipe: whoever asks for a file's digest reads it again.</exception>
    public static Digest OfFile(string path)
    {
        using var stream = File.OpenRead(path);
        return OfFile(stream);
    }

    /// <inheritdoc cref="OfFile(string)"/>
    public static Digest OfFile(FileStream stream) => stream.CanSeek
        ? new(Convert.ToHexStringLower(SHA256.HashData(stream)))
        : throw new UserInputException($"{stream.Name}: a pipe, and it would have to be read more than once. Write it to a file first.");

    /// <summary>The first 12 digits, for people.</summary>
    public string Short => Hex[..12];

    public override string ToString() => Hex;
}
