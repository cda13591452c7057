namespace IterativeDpo.Generation.Tasks;

/// <summary>Small mistakes that tasks have in common. What goes in never comes out.</summary>
internal static class Slips
{
    /// <summary>A number off by 1 or by 10, and not below zero.</summary>
    public static int OffByOneOrTen(SplitMix64 random, int value)
    {
        var slip = random.Pick([-10, -1, 1, 10]);
        return value + slip < 0 ? value - slip : value + slip;
    }

    /// <summary>Two neighbours that differ, swapped; the text must have two different characters.</summary>
    public static string SwapNeighbours(SplitMix64 random, string text)
    {
        var places = Enumerable.Range(0, text.Length - 1).Where(i => text[i] != text[i + 1]).ToArray();
        var at = random.Pick(places);
        return $"{text[..at]}{text[at + 1]}{text[at]}{text[(at + 2)..]}";
    }
}
