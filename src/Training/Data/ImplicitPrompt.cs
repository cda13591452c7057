using IterativeDpo.Generation;

namespace IterativeDpo.Training.Data;

/// <summary>
/// Finds the prompt that a chosen and a rejected text begin with, by TRL's rule: the longest common beginning, which leaves each of
/// them something; a space before the difference belongs to the completions.
/// </summary>
internal static class ImplicitPrompt
{
    public static (Passage Prompt, Passage Chosen, Passage Rejected) Split(Passage chosen, Passage rejected)
    {
        if (chosen.Turns is { } left && rejected.Turns is { } right)
        {
            var turns = CommonLength(left, right);
            return (
                Passage.Of(Take(left, 0, turns)),
                Passage.Of(Take(left, turns, left.Count)),
                Passage.Of(Take(right, turns, right.Count)));
        }
        var (a, b) = (chosen.Text!, rejected.Text!);
        var length = CommonLength(a.AsSpan(), b);
        return (Passage.Of(a[..length]), Passage.Of(a[length..]), Passage.Of(b[length..]));
    }

    private static ChatMessage[] Take(IReadOnlyList<ChatMessage> turns, int from, int to) => [.. turns.Take(to).Skip(from)];

    private static int CommonLength(IReadOnlyList<ChatMessage> a, IReadOnlyList<ChatMessage> b)
    {
        var (length, most) = (0, Math.Min(a.Count, b.Count) - 1);
        while (length < most && a[length] == b[length])
        {
            length++;
        }
        return Math.Max(0, length);
    }

    private static int CommonLength(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var shorter = Math.Min(a.Length, b.Length);
        var length = a.CommonPrefixLength(b);
        if (length < shorter && length > 0 && a[length - 1] == ' ')
        {
            length--;
        }
        length = Math.Min(length, Math.Max(0, shorter - 1));
        // UTF-16: a character of two units stays whole.
        return length > 0 && char.IsHighSurrogate(a[length - 1]) ? length - 1 : length;
    }
}
