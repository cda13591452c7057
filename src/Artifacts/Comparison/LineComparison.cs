using System.Globalization;
using System.Text.Json;

namespace IterativeDpo.Artifacts.Comparison;

/// <summary>Compares two files of JSON lines, line by line; it holds one of each.</summary>
internal static class LineComparison
{
    /// <summary>Numbers nearer than this are alike, relative to the larger or to 1.</summary>
    private const double Tolerance = 0.01;

    /// <summary>Lines that may be quite different: one token drawn otherwise, and all after it are.</summary>
    private const double DifferentLines = 0.1;

    private const int LongestValue = 60;

    public static ArtifactDifference? Of(string before, string now, string? aside)
    {
        using var second = File.ReadLines(now).GetEnumerator();
        string? words = null;
        var (lines, different) = (0, 0);
        var onlyAside = false;
        foreach (var line in File.ReadLines(before))
        {
            lines++;
            if (!second.MoveNext())
            {
                return new($"row {lines}: it is missing now", false);
            }
            if (line == second.Current)
            {
                continue;
            }
            var all = Differences(line, second.Current);
            var found = all.Where(difference => aside is null || !difference.Path.StartsWith(aside, StringComparison.Ordinal)).ToArray();
            if (all.Length > 0 && found.Length == 0)
            {
                onlyAside = true;
                continue;
            }
            words ??=
                $"row {lines}: {(found is [var (path, what, _), ..] ? $"{path} {what}".TrimStart() : "other bytes for the same values")}";
            different += found.All(difference => difference.IsSmall) ? 0 : 1;
        }
        return second.MoveNext()
            ? new($"row {lines + 1}: it was not there", false)
            : words is null && onlyAside ? null
            : new(words ?? "other line ends", different <= DifferentLines * lines);
    }

    public static string? FirstIn(string before, string now) =>
        Differences(before, now).Select(difference => $"{difference.Path} {difference.Words}".TrimStart()).FirstOrDefault();

    private static (string Path, string Words, bool IsSmall)[] Differences(string before, string now)
    {
        try
        {
            using var first = JsonDocument.Parse(before);
            using var second = JsonDocument.Parse(now);
            return [.. Differences(first.RootElement, second.RootElement, "")];
        }
        catch (JsonException)
        {
            return [("", $"{Short(now)}, and was {Short(before)}", false)];
        }
    }

    private static IEnumerable<(string Path, string Words, bool IsSmall)> Differences(JsonElement before, JsonElement now, string path) =>
        (before.ValueKind, now.ValueKind) switch
        {
            (JsonValueKind.Object, JsonValueKind.Object) => Names(before)
                .Union(Names(now))
                .SelectMany(name =>
                    (before.TryGetProperty(name, out var a), now.TryGetProperty(name, out var b)) switch
            {
                (true, true) => Differences(a, b, path.Length == 0 ? name : $"{path}.{name}"),
                var (was, _) => [($"{path}.{name}".TrimStart('.'), was ? "is missing now" : "was not there", false)],
            }),
            (JsonValueKind.Array, JsonValueKind.Array) when before.GetArrayLength() == now.GetArrayLength() => before
                .EnumerateArray()
                .Zip(now.EnumerateArray())
                .SelectMany((items, index) => Differences(items.First, items.Second, $"{path}[{index}]")),
            (JsonValueKind.Array, JsonValueKind.Array) =>
            [
                (path, $"has {now.GetArrayLength()} items, and had {before.GetArrayLength()}", false),
        ],
            (JsonValueKind.Number, JsonValueKind.Number) when before.GetDouble() is var a && now.GetDouble() is var b && !a.Equals(b) =>
                [
                    (
                    path,
                    string.Create(CultureInfo.InvariantCulture, $"is {b:R}, and was {a:R}"),
                    !(IsWhole(before) && IsWhole(now)) && Near(a, b)),
            ],
            _ when before.GetRawText() == now.GetRawText() => [],
            (JsonValueKind.Number, JsonValueKind.Number) => [],
            _ => [(path, $"is {Short(now.GetRawText())}, and was {Short(before.GetRawText())}", false)],
        };

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(property => property.Name);

    /// <summary>Token ids and counts are not nearly alike.</summary>
    private static bool IsWhole(JsonElement number) => number.TryGetInt64(out _);

    private static bool Near(double a, double b) => Math.Abs(a - b) <= Tolerance * Math.Max(1, Math.Max(Math.Abs(a), Math.Abs(b)));

    private static string Short(string text) => text.Length <= LongestValue ? text : $"{text[..LongestValue]}…";
}
