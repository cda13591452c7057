using System.Text;
using System.Text.RegularExpressions;

namespace IterativeDpo.Judging.Verifier;

/// <summary>
/// A short answer without what does not matter in it, as SQuAD's evaluation has it (Rajpurkar et al. 2016): lower case, no punctuation, no
/// English articles, single spaces.
/// </summary>
internal static class NormalisedText
{
    private static readonly Regex Articles = new(@"\b(a|an|the)\b", RegexOptions.NonBacktracking);

    public static string Of(string text)
    {
        var letters = string.Concat(text.ToLowerInvariant().EnumerateRunes().Where(rune => !IsPunctuation(rune)));
        return string.Join(' ', Articles.Replace(letters, " ").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Unicode's punctuation, and ASCII's symbols, which SQuAD counts as such.</summary>
    private static bool IsPunctuation(Rune rune) => Rune.IsPunctuation(rune) || (rune.IsAscii && Rune.IsSymbol(rune));
}
