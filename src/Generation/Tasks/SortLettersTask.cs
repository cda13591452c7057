namespace IterativeDpo.Generation.Tasks;

/// <summary>Puts the letters of a word in alphabetical order.</summary>
internal static class SortLettersTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var word = Words.Draw(random);
        var sorted = new string([.. word.Order()]);
        return new(
            sorted,
            random.Pick([$"Sort the letters of {word}.", $"Put the letters of {word} in order."]),
            sorted,
            Slips.SwapNeighbours(random, sorted));
    }
}
