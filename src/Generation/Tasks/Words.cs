namespace IterativeDpo.Generation.Tasks;

/// <summary>Pronounceable made-up words: consonants and vowels by turns, so that no word list is memorised.</summary>
internal static class Words
{
    private const string Consonants = "bcdfghjklmnprstvwz";
    private const string Vowels = "aeiou";
    private const string Letters = "abcdefghijklmnopqrstuvwxyz";

    /// <summary>A lower-case word of <paramref name="shortest"/> to <paramref name="longest"/> letters, at most 9.</summary>
    public static string Draw(SplitMix64 random, int longest = 7, int shortest = 4)
    {
        var length = random.Between(shortest, longest);
        var vowelAt = random.Below(4) == 0 ? 0 : 1;
        Span<char> letters = stackalloc char[length];
        for (var i = 0; i < length; i++)
        {
            var alphabet = i % 2 == vowelAt ? Vowels : Consonants;
            letters[i] = alphabet[random.Below(alphabet.Length)];
        }
        return new string(letters);
    }

    /// <summary>Letters of the alphabet that all differ.</summary>
    public static char[] DrawLetters(SplitMix64 random, int count)
    {
        var letters = Letters.ToCharArray();
        random.Shuffle(letters.AsSpan());
        return letters[..count];
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
