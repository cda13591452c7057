namespace IterativeDpo.Generation.Tasks;

/// <summary>Counts a letter in a word; mostly one that is there.</summary>
internal static class CountLetterTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var word = Words.Draw(random);
        var letter = random.Below(5) == 0 ? (char)random.Between('a', 'z') : word[random.Below(word.Length)];
        var count = word.Count(c => c == letter);
        return new(
            $"{letter} {word}",
            random.Pick([$"How many times is {letter} in {word}?", $"Count the letter {letter} in {word}."]),
            $"{count}",
            $"{(count == 0 || random.Below(2) == 0 ? count + 1 : count - 1)}");
    }
}
