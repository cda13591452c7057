namespace IterativeDpo.Generation.Tasks;

/// <summary>Pronounceable made-up words: consonants and vowels by turns, so that no word list is memorised.</summary>
internal static class Words
{
    private const string Consonants = "bcdfghjklmnprstvwz";
    private const string Vowels = "aeiou";

    /// <summary>A lower-case word of 4 to <paramref name="longest"/> letters, at most 7.</summary>
    public static string Draw(SplitMix64 random, int longest = 7)
    {
        var length = random.Between(4, longest);
        var vowelAt = random.Below(4) == 0 ? 0 : 1;
        Span<char> letters = stackalloc char[length];
        for (var i = 0; i < length; i++)
        {
            var alphabet = i % 2 == vowelAt ? Vowels : Consonants;
            letters[i] = alphabet[random.Below(alphabet.Length)];
        }
        return new string(letters);
    }

    /// <summary>Words that all differ.</summary>
    public static string[] DrawDistinct(SplitMix64 random, int count, int longest = 7)
    {
        var words = new List<string>(count);
        while (words.Count < count)
        {
            var word = Draw(random, longest);
            if (!words.Contains(word))
            {
                words.Add(word);
            }
        }
        return [.. words];
    }
}
