namespace IterativeDpo.Artifacts.Models;

/// <summary>The tokens between which a model thinks before it answers.</summary>
/// <param name="Channel">Where the answer has a channel of its own, <paramref name="End"/> ends thoughts behind that channel's name
/// alone; null: always.</param>
public sealed record ThoughtMarks(int Begin, int End, AnswerChannel? Channel = null)
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
    public static ThoughtMarks? Of(string[] tokens)
    {
        int Id(string token) => Array.IndexOf(tokens, token);
        var channel = new AnswerChannel(Id("final"), Id("<|end|>"), Id("<|start|>"), Id("assistant"));
        return s_known.Select(known => new ThoughtMarks(Id(known.Begin), Id(known.End)))
            .Append(new(Id("<|channel|>"), Id("<|message|>"), channel))
            .FirstOrDefault(marks => marks.Begin >= 0 && marks.Closing().All(id => id >= 0));
    }

    /// <summary>Whether a prompt ends with the begin of thoughts. One further before is of somebody's text.</summary>
    public bool AreOpenAfter(ReadOnlySpan<int> prompt) =>
        prompt[^Math.Min(MostAfterBegin + 1, prompt.Length)..] is var end && end.LastIndexOf(Begin) is var begin && begin >= 0
        && AfterEnd(end[begin..]) == 0;

    /// <summary>How many tokens of a completion come before its answer; none where it has no answer after its thoughts.</summary>
    public int Before(ReadOnlySpan<int> completion) =>
        AfterEnd(completion) is var answer && answer < completion.Length ? answer : 0;

    /// <summary>Whether the last of these tokens ends thoughts.</summary>
    public bool EndAt(ReadOnlySpan<int> ids) =>
        ids is [.., var last] && last == End && (Channel is null || (ids is [.., var name, _] && name == Channel.Name));

    /// <summary>The token that brings thoughts nearer to their end.</summary>
    /// <param name="ids">The completion so far.</param>
    public int NextToEnd(ReadOnlySpan<int> ids)
    {
        var closing = Closing();
        var written = closing.Length - 1;
        while (!ids.EndsWith(closing.AsSpan(0, written)))
        {
            written--;
        }
        return closing[written];
    }

    /// <summary>How many tokens come before what follows the last end of thoughts; 0: there is none.</summary>
    private int AfterEnd(ReadOnlySpan<int> ids)
    {
        var count = ids.Length;
        while (count > 0 && !EndAt(ids[..count]))
        {
            count--;
        }
        return count;
    }

    /// <summary>
    /// What a model writes from the end of its thoughts to its answer: with channels the message ends, and another begins in the answer's.
    /// </summary>
    private int[] Closing() => Channel is { } channel
        ? [channel.MessageEnd, channel.MessageStart, channel.Role, Begin, channel.Name, End]
        : [End];
}

/// <summary>
/// gpt-oss's format (harmony): what a model says are messages, each in a channel, <c>&lt;|channel|>NAME&lt;|message|>TEXT</c>, and the
/// answer is the one in the channel <c>final</c>. So all before that message's text are thoughts, its own header too.
/// </summary>
/// <param name="Name">The token of the channel's name.</param>
/// <param name="MessageEnd">Between a message and the next one.</param>
/// <param name="MessageStart">Before the role.</param>
/// <param name="Role">The token of the role that the model has.</param>
public sealed record AnswerChannel(int Name, int MessageEnd, int MessageStart, int Role);
