namespace IterativeDpo.Generation;

/// <summary>Which side of the fence a prompt is on: trained on, or kept for evaluation.</summary>
public enum Split { Train, HeldOut }

/// <summary>
/// Puts a prompt on one side by a hash of what it asks, so that the sides never overlap, whatever the seed, the order
/// or the file. One in <see cref="HeldOutOneIn"/> is held out.
/// </summary>
public static class PromptSplit
{
    public const int HeldOutOneIn = 10;

    /// <param name="content">What is asked, not how: two phrasings of one question have the same content.</param>
    public static Split Of(string content)
    {
        var hash = (ulong)content.Length;
        foreach (var c in content)
        {
            hash = SampleSeed.Mix(hash ^ c);
        }
        return hash % HeldOutOneIn == 0 ? Split.HeldOut : Split.Train;
    }

    /// <summary>The side of a prompt from a file, by its text or its messages.</summary>
    public static Split Of(Prompt prompt) =>
        Of(prompt.Text ?? string.Join('\n', prompt.Messages!.Select(message => $"{message.Role}\t{message.Spell()}")));
}
