namespace IterativeDpo.Generation.Tasks;

/// <summary>Writes any word that has three letters.</summary>
internal static class WordWithTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var letters = Words.DrawLetters(random, 3);
        var word = Words.Draw(random, shortest: 5).ToCharArray();
        int[] places = [.. Enumerable.Range(0, word.Length)];
        random.Shuffle(places.AsSpan());
        for (var i = 0; i < letters.Length; i++)
        {
            word[places[i]] = letters[i];
        }
        var answer = new string(word);
        return new(
            string.Concat(letters.Order()),
            random.Pick([
                $"Write a word with {letters[0]}, {letters[1]} and {letters[2]}.",
                $"Make a word that has {letters[0]} {letters[1]} {letters[2]}.",
            ]),
            answer,
            answer.Replace(letters[0], letters[1]),
            $@"^{string.Concat(letters.Select(letter => $"(?=.*{letter})"))}[a-z]{{4,8}}\z");
    }
}
