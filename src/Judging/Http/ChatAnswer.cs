using System.Text.Json;
using System.Text.Json.Serialization;

namespace IterativeDpo.Judging.Http;

/// <summary>What is used of a service's chat completion.</summary>
/// <param name="FirstToken">The likeliest first tokens of the answer; null where the service gives no log-probabilities.</param>
/// <param name="InputTokens">Null where the service does not say.</param>
/// <param name="OutputTokens">Null where the service does not say.</param>
/// <param name="FinishReason">Why it ended, in the service's word; null where it does not say.</param>
/// <param name="Problem">Why it is no answer, whatever it says; null where it is one.</param>
public sealed record ChatAnswer(
    string Text,
    IReadOnlyList<TokenLogprob>? FirstToken,
    long? InputTokens,
    long? OutputTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? FinishReason = null,
    [property: JsonIgnore] string? Problem = null)
{
    public bool IsCut => FinishReason == "length";

    /// <exception cref="JsonException">The text is no chat completion.</exception>
    public static ChatAnswer Parse(string json)
    {
        var completion = JsonSerializer.Deserialize<Completion>(json, Lenient);
        if (completion?.Choices is not [{ Message: { } message } choice, ..])
        {
            throw new JsonException("it has no choices[0].message");
        }
        var first = choice.Logprobs?.Content is [{ TopLogprobs: { } top }, ..] ? top : null;
        if (first?.Any(token => token?.Token is null) == true)
        {
            throw new JsonException("one of its top_logprobs has no token");
        }
        return new ChatAnswer(
            message.Content ?? "",
            first,
            completion.Usage?.PromptTokens,
            completion.Usage?.CompletionTokens,
            choice.FinishReason,
            ProblemOf(message, choice.FinishReason));
    }

    private static string? ProblemOf(Message message, string? finishReason) =>
        message.Refusal is { Length: > 0 } refusal ? $"the model refuses: {refusal}"
        : finishReason == "content_filter" ? "the service's filter has cut the answer"
        : string.IsNullOrEmpty(message.Content) && (message.ReasoningContent ?? message.Reasoning) is { Length: > 0 }
            ? "the model thought, and gave no answer"
        : null;

    private static readonly JsonSerializerOptions Lenient = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private sealed record Completion(IReadOnlyList<Choice>? Choices, Usage? Usage);

    private sealed record Choice(Message? Message, Logprobs? Logprobs, string? FinishReason);

    private sealed record Message(string? Content, string? Refusal, string? ReasoningContent, string? Reasoning);

    private sealed record Logprobs(IReadOnlyList<Position>? Content);

    private sealed record Position(IReadOnlyList<TokenLogprob>? TopLogprobs);

    private sealed record Usage(long? PromptTokens, long? CompletionTokens);
}

/// <param name="Logprob">Natural-log probability.</param>
public sealed record TokenLogprob(string Token, double Logprob);
