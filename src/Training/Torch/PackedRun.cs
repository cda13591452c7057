namespace IterativeDpo.Training.Torch;

/// <summary>
/// Rows of a packed batch from <paramref name="Start"/> to <paramref name="End"/>: a prompt, or a branch and the prompt before it.
/// </summary>
/// <param name="PromptStart">First row of the prompt.</param>
/// <param name="PromptEnd">End of a branch's prompt; a prompt itself has none before it.</param>
internal readonly record struct PackedRun(int PromptStart, int PromptEnd, int Start, int End)
{
    public bool IsPrompt => PromptStart == PromptEnd;

    public int Length => End - Start;

    /// <summary>In the order of their rows.</summary>
    public static IEnumerable<PackedRun> AllOf(PackedBatch batch)
    {
        foreach (var (start, end) in batch.GroupStarts.Zip(batch.GroupStarts.Skip(1)))
        {
            var promptEnd = EndOfRun(batch, start, end);
            yield return new(start, start, start, promptEnd);
            for (var (from, to) = (promptEnd, 0); from < end; from = to)
            {
                to = EndOfRun(batch, from, end);
                yield return new(start, promptEnd, from, to);
            }
        }
    }

    private static int EndOfRun(PackedBatch batch, int start, int end)
    {
        var next = start + 1;
        while (next < end && batch.Branches[next] == batch.Branches[start])
        {
            next++;
        }
        return next;
    }
}
