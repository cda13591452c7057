namespace IterativeDpo.Artifacts.Models;

/// <summary>The tokens between which a model thinks before it answers.</summary>
public sealed record ThoughtMarks(int Begin, int End)
{
    /// <summary>Lines after the begin of thoughts, where a template begins them for the model.</summary>
    private const int MostAfterBegin = 2;

    private static readonly (string Begin, string End)[] s_known =
    [
        ("<think>", "</think>"),
        ("[THINK]", "[/THINK]"),
        ("<thinking>", "</thinking>"),
    ];

    /// <param name="tokens">The vocabulary.</param>
    /// <returns>Null where it has none: such a model does not think, or spells it in several tokens.</returns>
    public static ThoughtMarks? Of(string[] tokens) => s_known
        .Select(known => new ThoughtMarks(Array.IndexOf(tokens, known.Begin), Array.IndexOf(tokens, known.End)))
        .FirstOrDefault(found => found is { Begin: >= 0, End: >= 0 });

    /// <summary>Whether a prompt ends with the begin of thoughts. One further before is of somebody's text.</summary>
    public bool AreOpenAfter(ReadOnlySpan<int> prompt) =>
        prompt[^Math.Min(MostAfterBegin + 1, prompt.Length)..] is var end && end.LastIndexOf(Begin) > end.LastIndexOf(End);

    /// <summary>How many tokens of a completion come before its answer; none where it has no answer after its thoughts.</summary>
    public int Before(ReadOnlySpan<int> completion) =>
        completion.LastIndexOf(End) + 1 is var answer && answer < completion.Length ? answer : 0;
}
