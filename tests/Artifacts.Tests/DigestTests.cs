using System.Text.Json;

namespace IterativeDpo.Artifacts.Tests;

public sealed class DigestTests
{
    private const string OfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    [Fact]
    public void Of_bytes_is_their_SHA_256()
    {
        Assert.Equal(OfAbc, Digest.Of("abc"u8).Hex);
        Assert.Equal(Digest.Parse(OfAbc), Digest.Of("abc"u8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("aa")]
    [InlineData("../../../../../../../../../../../../../../../../../../etc/passwd")]
    [InlineData("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    [InlineData(OfAbc + "0")]
    public void Parse_of_anything_else_is_an_error_that_quotes_it(string text)
    {
        Assert.StartsWith($"'{text}' is no SHA-256", Assert.Throws<FormatException>(() => Digest.Parse(text)).Message);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Digest>(JsonSerializer.Serialize(text)));
    }

    [Fact]
    public void Hex_of_a_digest_that_was_never_set_is_an_error() => Assert.Throws<InvalidOperationException>(() => default(Digest).Hex);

    [Fact]
    public void Json_is_the_digits() => Assert.Equal($"\"{OfAbc}\"", JsonSerializer.Serialize(Digest.Of("abc"u8)));
}
