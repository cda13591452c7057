using System.Text.Json;

namespace IterativeDpo.Training.Tests.Torch.Golden;

/// <summary>The tolerances of the golden figures: 1e-4 relative on losses, 1e-5 absolute on gradients.</summary>
internal static class GoldenAssert
{
    /// <summary>Compares an entry's figure, where it has that one.</summary>
    public static void Figure(JsonElement entry, string name, params float[] actual)
    {
        if (entry.TryGetProperty(name, out var expected))
        {
            Relative(
                expected.ValueKind == JsonValueKind.Array ? GoldenFile.Floats(expected) : [expected.GetSingle()],
                actual,
                $"{Describe(entry)}: {name}");
        }
    }

    public static void Gradient(JsonElement entry, float[] actual)
    {
        if (entry.TryGetProperty("grad_policy_logits", out var expected))
        {
            var difference = GoldenFile.Floats(expected).Zip(actual, (x, y) => Math.Abs(x - y)).Max();
            Assert.True(difference < 1e-5, $"{Describe(entry)}: the gradient is off by {difference}");
        }
    }

    public static void Relative(float[] expected, float[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        foreach (var (e, a) in expected.Zip(actual))
        {
            // Figures near 0 are differences of larger ones.
            Assert.True(Math.Abs(e - a) <= 1e-4 * Math.Max(0.1, Math.Abs(e)), $"{what}: {a} instead of {e}");
        }
    }

    private static string Describe(JsonElement entry) => entry.TryGetProperty("config", out var config)
        ? config.ToString()
        : string.Join(", ", entry.EnumerateObject().Where(p => p.Value.ValueKind != JsonValueKind.Array).Select(p => p.ToString()));
}
