using System.Text.Json.Serialization;

namespace IterativeDpo.Generation;

/// <summary>One turn of a conversation; <paramref name="Role"/> is one of <see cref="Roles"/>.</summary>
/// <param name="Content">Null only where it calls tools.</param>
/// <param name="ToolCalls">The assistant's, as <see cref="ToolFields"/> reads them; null where it calls none.</param>
/// <param name="ToolCallId">Of the call that a turn of the role tool answers.</param>
/// <param name="Name">Of the function whose result a turn of the role tool has.</param>
public sealed record ChatMessage(
    string Role,
    string? Content,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonText? ToolCalls = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ToolCallId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name = null)
{
    public static IReadOnlyList<string> Roles { get; } = ["system", "user", "assistant", "tool"];

    /// <summary>All that it says as a text: its content, and each call of a tool as a line of JSON.</summary>
    public string Spell() => ToolCalls is null ? Content ?? ""
        : string.IsNullOrEmpty(Content) ? ToolFields.Spell(ToolCalls)
        : $"{Content}\n{ToolFields.Spell(ToolCalls)}";
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
/// <param name="Tools">What the assistant may call, as a list of JSON for the chat template; null where the row offers none.</param>
public sealed record Prompt(
    string Id,
    IReadOnlyList<ChatMessage>? Messages,
    string? Text,
    string? Task,
    IReadOnlyList<AnswerCheck> Checks,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Answer = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonText? Tools = null);
