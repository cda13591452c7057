using System.Globalization;
using System.Text;

namespace IterativeDpo.Judging.Verifier;

/// <summary>
/// Unicode's compatibility decomposition (NFKD, Unicode Standard Annex 15) from a table of its own: the runtime has it from ICU, which this program does
/// without. Two texts are equal under it exactly where they are equal under NFKC.
/// </summary>
internal static class Decomposition
{
    private const int HangulFirst = 0xAC00, HangulCount = 11172, LeadFirst = 0x1100, VowelFirst = 0x1161, TailFirst = 0x11A7, Vowels = 21, Tails = 28;

    private static readonly Lazy<(Dictionary<int, int[]> Mappings, Dictionary<int, int> Classes)> Tables = new(Read);

    public static string Of(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }
        var (mappings, classes) = Tables.Value;
        var runes = new List<Rune>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value - HangulFirst is >= 0 and < HangulCount and var syllable)
            {
                runes.Add(new Rune(LeadFirst + (syllable / (Vowels * Tails))));
                runes.Add(new Rune(VowelFirst + (syllable / Tails % Vowels)));
                if (syllable % Tails is > 0 and var tail)
                {
                    runes.Add(new Rune(TailFirst + tail));
                }
            }
            else if (mappings.TryGetValue(rune.Value, out var mapping))
            {
                runes.AddRange(mapping.Select(code => new Rune(code)));
            }
            else
            {
                runes.Add(rune);
            }
        }
        Order(runes, classes);
        return string.Concat(runes);
    }

    /// <summary>Marks on one character stand by their class; those of one class stay in their order.</summary>
    private static void Order(List<Rune> runes, Dictionary<int, int> classes)
    {
        for (var i = 1; i < runes.Count; i++)
        {
            var rune = runes[i];
            var own = classes.GetValueOrDefault(rune.Value);
            var to = i;
            for (; own > 0 && to > 0 && classes.GetValueOrDefault(runes[to - 1].Value) > own; to--)
            {
                runes[to] = runes[to - 1];
            }
            runes[to] = rune;
        }
    }

    private static (Dictionary<int, int[]>, Dictionary<int, int>) Read()
    {
        var (mappings, classes) = (new Dictionary<int, int[]>(), new Dictionary<int, int>());
        using var reader = new StreamReader(typeof(Decomposition).Assembly.GetManifestResourceStream("Unicode.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
            {
                continue;
            }
            var parts = line.Split('-', '>', '=');
            var (first, last) = (Hex(parts[0]), Hex(parts[1]));
            for (var code = first; code <= last; code++)
            {
                if (line.Contains('=', StringComparison.Ordinal))
                {
                    classes[code] = int.Parse(parts[2], CultureInfo.InvariantCulture);
                }
                else
                {
                    int[] mapping = [.. parts[2].Split(' ').Select(Hex)];
                    mapping[^1] += code - first;
                    mappings[code] = mapping;
                }
            }
        }
        return (mappings, classes);
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
