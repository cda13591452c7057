using System.Text.Json.Serialization;

namespace IterativeDpo.Generation;

/// <summary>One turn of a conversation; <paramref name="Role"/> is one of <see cref="Roles"/>.</summary>
public sealed record ChatMessage(string Role, string Content)
{
    public static IReadOnlyList<string> Roles { get; } = ["system", "user", "assistant"];
}

/// <summary>A rule that an answer is checked against, as data. The verifier gives it meaning: docs/judges.md has the kinds.</summary>
/// <param name="Value">The kind's argument; empty for kinds that take none.</param>
/// <param name="Weight">Its share of the score, over the sum of all weights; from 0 up.</param>
/// <param name="Required">Where it fails, the score is 0 whatever the rest.</param>
public sealed record AnswerCheck(
    string Kind,
    string Value,
    double Weight = 1,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Required = false);

/// <summary>
/// What a policy is asked. The id is stable across runs: it seeds the samples and names the prompt in provenance.
/// Exactly one of <see cref="Messages"/> and <see cref="Text"/> is set; text is continued as it is, without a template:
/// special tokens that it spells are special tokens.
/// </summary>
/// <param name="Answer">The answer that its row gives, where it is asked for (<see cref="PromptFile.Read"/>); null otherwise.</param>
public sealed record Prompt(
    string Id,
    IReadOnlyList<ChatMessage>? Messages,
    string? Text,
    string? Task,
    IReadOnlyList<AnswerCheck> Checks,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Answer = null);
