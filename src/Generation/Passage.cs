using System.Text.Json.Serialization;

namespace IterativeDpo.Generation;

/// <summary>
/// A prompt or a completion as data has it: text as it is, or the turns of a conversation. Exactly one of them is set. Equal by content.
/// </summary>
/// <param name="Tools">What the assistant may call in a conversation; null where its row offers none.</param>
public sealed record Passage(
    string? Text,
    IReadOnlyList<ChatMessage>? Turns,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonText? Tools = null)
{
    public static Passage Of(string text) => new(text, null);

    public static Passage Of(params IReadOnlyList<ChatMessage> turns) => new(null, turns);

    /// <summary>Whether it has this text within.</summary>
    public bool Says(string text) =>
        Text?.Contains(text, StringComparison.Ordinal)
        ?? Turns!.Any(turn => turn.Content?.Contains(text, StringComparison.Ordinal) == true);

    /// <summary>What stands for it in JSON: its text, or the list of its turns.</summary>
    public object ToJson() => (object?)Text ?? Turns!;

    public bool Equals(Passage? other) =>
        other is not null && Text == other.Text && Tools == other.Tools && (Turns ?? []).SequenceEqual(other.Turns ?? []);

    public override int GetHashCode() => HashCode.Combine(Text, Turns?.Count);
}
