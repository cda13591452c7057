using System.Text.Json;

namespace IterativeDpo.Judging.Http;

/// <summary>What is used of a service's chat completion.</summary>
/// <param name="FirstToken">The likeliest first tokens of the answer; null where the service gives no log-probabilities.</param>
/// <param name="InputTokens">Null where the service does not say.</param>
/// <param name="OutputTokens">Null where the service does not say.</param>
internal sealed record ChatAnswer(string Text, IReadOnlyList<TokenLogprob>? FirstToken, long? InputTokens, long? OutputTokens)
{
    internal static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    /// <exception cref="JsonException">The text is no chat completion.</exception>
    public static ChatAnswer Parse(string json)
    {
        var completion = JsonSerializer.Deserialize<Completion>(json, Lenient);
        if (completion?.Choices is not [{ Message: { } message } choice, ..])
        {
            throw new JsonException("it has no choices[0].message");
        }
        return new ChatAnswer(
            message.Content ?? message.Refusal ?? "",
            choice.Logprobs?.Content is [{ TopLogprobs: { } top }, ..] ? top : null,
            completion.Usage?.PromptTokens,
            completion.Usage?.CompletionTokens);
    }

    private static readonly JsonSerializerOptions Lenient = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private sealed record Completion(IReadOnlyList<Choice>? Choices, Usage? Usage);

    private sealed record Choice(Message? Message, Logprobs? Logprobs);

    private sealed record Message(string? Content, string? Refusal);

    private sealed record Logprobs(IReadOnlyList<Position>? Content);

    private sealed record Position(IReadOnlyList<TokenLogprob>? TopLogprobs);

    private sealed record Usage(long? PromptTokens, long? CompletionTokens);
}

/// <param name="Logprob">Natural-log probability.</param>
internal sealed record TokenLogprob(string Token, double Logprob);
