using System.Text.Json;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Judging.Tests.Http;

public sealed class ChatAnswerTests
{
    [Theory]
    [InlineData("null")]
    [InlineData("""{"token":null,"logprob":-1}""")]
    [InlineData("""{"logprob":-1}""")]
    public void Parse_ofALogprobWithoutToken_isRefused(string token)
    {
        var error = Assert.Throws<JsonException>(() => ChatAnswer.Parse(
                """{"choices":[{"message":{"content":"A"},"logprobs":{"content":[{"top_logprobs":[TOKEN]}]}}]}""".Replace(
                    "TOKEN",
                    token,
                    StringComparison.Ordinal)));

        Assert.Contains("has no token", error.Message, StringComparison.Ordinal);
    }
}
