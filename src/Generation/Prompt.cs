namespace IterativeDpo.Generation;

/// <summary>One turn of a conversation; <paramref name="Role"/> is <c>system</c>, <c>user</c> or <c>assistant</c>.</summary>
public sealed record ChatMessage(string Role, string Content);

/// <summary>
/// A rule that an answer is checked against, as data: the kind (<c>exact</c>, <c>numeric</c>, <c>regex</c>, <c>contains</c>,
/// <c>json</c>), its argument and its weight. The judges give it meaning.
/// </summary>
public sealed record AnswerCheck(string Kind, string Value, double Weight = 1);

/// <summary>
/// What a policy is asked. The id is stable across runs: it seeds the samples and names the prompt in provenance.
/// Exactly one of <see cref="Messages"/> and <see cref="Text"/> is set; text is continued as it is, without a template.
/// </summary>
public sealed record Prompt(
    string Id,
    IReadOnlyList<ChatMessage>? Messages,
    string? Text,
    string? Task,
    IReadOnlyList<AnswerCheck> Checks);
