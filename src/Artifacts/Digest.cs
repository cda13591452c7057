using System.Security.Cryptography;

namespace IterativeDpo.Artifacts;

/// <summary>The SHA-256 of a file's bytes, 64 lower-case hexadecimal digits: an artifact's name.</summary>
public readonly record struct Digest(string Hex)
{
    public static Digest Of(ReadOnlySpan<byte> bytes) => new(Convert.ToHexStringLower(SHA256.HashData(bytes)));

    public static Digest OfFile(string path)
    {
        using var stream = File.OpenRead(path);
        return new(Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    /// <summary>The first 12 digits, for people.</summary>
    public string Short => Hex[..12];

    public override string ToString() => Hex;
}
