using System.Globalization;

namespace IterativeDpo.Generation.Tasks;

/// <summary>Names any number of a range.</summary>
internal static class BetweenTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var first = random.Between(100, 899);
        var last = first + random.Between(5, 99);
        return new(
            $"{first} {last}",
            random.Pick([$"Name a number from {first} to {last}.", $"Give any number between {first} and {last}."]),
            $"{random.Between(first, last)}",
            $"{last + random.Between(1, 20)}",
            string.Create(CultureInfo.InvariantCulture, $"{(first + last) / 2m}±{(last - first) / 2m}"));
    }
}
