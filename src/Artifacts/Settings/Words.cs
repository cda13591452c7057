using System.Text.Json;

namespace IterativeDpo.Artifacts.Settings;

/// <summary>Names as configuration writes them, and the nearest one to a misspelt one.</summary>
public static class Words
{
    /// <summary><c>BestWorst</c> as <c>best-worst</c>.</summary>
    public static string Kebab<T>(T value) where T : notnull => JsonNamingPolicy.KebabCaseLower.ConvertName($"{value}");

    /// <summary>A question with the nearest candidate, or nothing where none is near.</summary>
    public static string DidYouMean(string word, IEnumerable<string> candidates) =>
        Nearest(word, candidates) is { } nearest ? $" (did you mean {nearest}?)" : "";

    /// <summary>The candidate fewest edits away, or null where more than half of it would have to change.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates) =>
        candidates
            .Select(c => (Word: c, Edits: EditDistance(word, c)))
            .Where(c => c.Edits <= c.Word.Length / 2)
            .OrderBy(c => c.Edits)
            .FirstOrDefault()
            .Word;

    /// <summary>Levenshtein's distance: insertions, deletions and replacements that turn one word into the other.</summary>
    public static int EditDistance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j - 1], row[j]) + 1);
            }
        }
        return row[b.Length];
    }
}
