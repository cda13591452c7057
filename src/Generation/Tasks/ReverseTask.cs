namespace IterativeDpo.Generation.Tasks;

/// <summary>Writes a word backwards.</summary>
internal static class ReverseTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var word = Words.Draw(random);
        var reversed = new string([.. word.Reverse()]);
        return new(
            word,
            random.Pick([$"Reverse the word {word}.", $"Write {word} backwards."]),
            reversed,
            Slips.SwapNeighbours(random, reversed));
    }
}
