using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IterativeDpo.Artifacts;

/// <summary>The SHA-256 of a file's bytes, 64 lower-case hexadecimal digits, whatever it was read from: an artifact's name.</summary>
[JsonConverter(typeof(DigestJsonConverter))]
public readonly record struct Digest
{
    private const int Digits = 2 * SHA256.HashSizeInBytes, ShortDigits = 12;

    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789abcdef");

    private readonly string? _hex;

    private Digest(string hex) => _hex = hex;

    /// <exception cref="InvalidOperationException">It is of nothing: the default value of its type.</exception>
    public string Hex => _hex ?? throw new InvalidOperationException("A digest that was never set is asked for.");

    /// <summary>The first 12 digits, for people.</summary>
    public string Short => Hex[..ShortDigits];

    /// <exception cref="FormatException">It is not 64 lower-case hexadecimal digits.</exception>
    public static Digest Parse(string text) => text.Length == Digits && !text.AsSpan().ContainsAnyExcept(s_digits)
        ? new(text)
        : throw new FormatException(
            $"'{text[..Math.Min(text.Length, Digits + 1)]}' is no SHA-256 ({Digits} lower-case hexadecimal digits).");

    public static Digest Of(ReadOnlySpan<byte> bytes) => OfHash(SHA256.HashData(bytes));

    /// <param name="hash">The SHA-256 itself, 32 bytes.</param>
    public static Digest OfHash(ReadOnlySpan<byte> hash) => new(Convert.ToHexStringLower(hash));

    /// <exception cref="UserInputException">It cannot be read; or a pipe: whoever asks for a file's digest reads it again.</exception>
    public static Digest OfFile(string path)
    {
        using var stream = InputFile.Open(path);
        return OfFile(stream);
    }

    /// <exception cref="UserInputException">A pipe.</exception>
    public static Digest OfFile(FileStream stream) => stream.CanSeek
        ? OfHash(SHA256.HashData(stream))
        : throw new UserInputException($"{stream.Name}: a pipe, and it would have to be read more than once. Write it to a file first.");

    public override string ToString() => Hex;
}

/// <summary>A digest is one string; any other string is an error.</summary>
public sealed class DigestJsonConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return Digest.Parse(reader.GetString() ?? throw new JsonException("A digest is missing."));
        }
        catch (FormatException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) => writer.WriteStringValue(value.Hex);
}
