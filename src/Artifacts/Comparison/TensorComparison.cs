using System.Collections;
using System.Globalization;
using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Comparison;

/// <summary>Compares two GGUF files: what they say of themselves, and each tensor by its values.</summary>
internal static class TensorComparison
{
    /// <summary>
    /// How far apart a tensor may be, as the length of the difference to its own: sums in another order, carried through a training.
    /// </summary>
    private const double Tolerance = 0.1;

    public static ArtifactDifference Of(string before, string now)
    {
        using var first = GgufFile.Open(before);
        using var second = GgufFile.Open(now);
        string? words = null;
        var isSmall = true;
        foreach (var (name, tensor) in first.Tensors)
        {
            if (!second.Tensors.TryGetValue(name, out var other) || !other.Shape.SequenceEqual(tensor.Shape))
            {
                return new(
                    $"tensor {name}: {(other is null ? "it is missing now" : $"its shape is {Shape(other)}, and was {Shape(tensor)}")}",
                    false);
            }
            var (a, b) = (Values(first, tensor), Values(second, other));
            var at = Enumerable
                .Range(0, a.Length)
                .FirstOrDefault(i => BitConverter.SingleToInt32Bits(a[i]) != BitConverter.SingleToInt32Bits(b[i]), -1);
            if (at < 0)
            {
                continue;
            }
            var apart = Distance(a, b);
            isSmall &= apart <= Tolerance;
            words ??= string.Create(CultureInfo.InvariantCulture,
                $"tensor {name}, row {at / tensor.Shape[^1]}, column {at % tensor.Shape[^1]}: {b[at]:G9}, and was {a[at]:G9}; the tensor is {100 * apart:G3} % of its length away");
        }
        if (second.Tensors.Keys.FirstOrDefault(name => !first.Tensors.ContainsKey(name)) is { } added)
        {
            return new($"tensor {added}: it was not there", false);
        }
        return new(words ?? Metadata(first.Metadata, second.Metadata) ?? "the same tensors, laid out otherwise", isSmall);
    }

    private static string? Metadata(GgufMetadata before, GgufMetadata now)
    {
        var (a, b) = (before.ToDictionary(), now.ToDictionary());
        var key = a.Keys.Union(b.Keys).FirstOrDefault(key => Text(a.GetValueOrDefault(key)) != Text(b.GetValueOrDefault(key)));
        return key is null ? null : $"metadata {key}: {Text(b.GetValueOrDefault(key))}, and was {Text(a.GetValueOrDefault(key))}";
    }

    private static string Text(GgufValue? value) => value?.Value switch
    {
        null => "nothing",
        string text => text,
        IEnumerable items => string.Join(", ", items.Cast<object>().Select(item => Convert.ToString(item, CultureInfo.InvariantCulture))),
        var other => Convert.ToString(other, CultureInfo.InvariantCulture)!,
    };

    private static double Distance(float[] before, float[] now)
    {
        double difference = 0, length = 0;
        for (var i = 0; i < before.Length; i++)
        {
            difference += Math.Pow((double)now[i] - before[i], 2);
            length += Math.Pow(before[i], 2);
        }
        return Math.Sqrt(difference / length);
    }

    private static float[] Values(GgufFile file, GgufTensor tensor)
    {
        var values = new float[tensor.Elements];
        TensorDecoder.Decode(tensor.Type, file.Bytes(tensor), values);
        return values;
    }

    private static string Shape(GgufTensor tensor) => string.Join(" × ", tensor.Shape);
}
