using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Safetensors;

namespace IterativeDpo.Artifacts.Models;

/// <summary>
/// A classification head of one output: a reward model's score is w · h + b of the last token's normalised state h. llama.cpp has the
/// tensors in a model's GGUF (<c>cls.output</c>), the Hugging Face classes *ForSequenceClassification in safetensors (<c>score</c>).
/// </summary>
/// <param name="Weight">w, [dim].</param>
public sealed record RewardHead(float[] Weight, float Bias)
{
    private const string Gguf = "cls.output", Safetensors = "score";

    /// <summary>The head's tensors in a model's GGUF.</summary>
    public static readonly IReadOnlyList<string> Tensors = [Gguf + ".weight", Gguf + ".bias"];

    /// <param name="path">A GGUF or a safetensors file (by its name's end).</param>
    /// <param name="dim">Width of the model's residual stream.</param>
    /// <exception cref="UserInputException">The file is missing or damaged, has no head, or one of another width or of several
    /// outputs.</exception>
    public static RewardHead Read(string path, int dim)
    {
        if (path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            using var file = SafetensorsFile.Open(path);
            return Read(
                path,
                dim,
                Safetensors,
                name => file.Tensors.TryGetValue(name, out var t) ? (t.Shape, () => file.ReadFloat32(t)) : null);
        }
        using var gguf = GgufFile.Open(path);
        return Read(path, dim, Gguf, name => gguf.Tensors.TryGetValue(name, out var t) ? (t.Shape, () => gguf.ReadFloat32(t)) : null);
    }

    /// <param name="state">[dim].</param>
    public double Score(ReadOnlySpan<float> state)
    {
        var sum = (double)Bias;
        for (var i = 0; i < Weight.Length; i++) sum += (double)Weight[i] * state[i];
        return sum;
    }

    private static RewardHead Read(string path, int dim, string name, Func<string, (int[] Shape, Func<float[]> Values)?> find)
    {
        var weight = find($"{name}.weight") ?? throw new UserInputException(
            $"{path}: the file has no classification head ({name}.weight), so it gives no rewards. Give a reward model, or the file that has the head of it as 'head'.");
        var outputs = weight.Shape.Length == 2 ? weight.Shape[0] : 1;
        if (outputs != 1)
        {
            throw new UserInputException(
                $"{path}: tensor '{name}.weight' has {outputs} outputs, and a reward is one. Use a model with a head of one output.");
        }
        if (weight.Shape.Length is not (1 or 2) || weight.Shape[^1] != dim)
        {
            throw new UserInputException(
                $"{path}: tensor '{name}.weight' has the shape [{string.Join(", ", weight.Shape)}], not [1, {dim}] as this model needs. Use the head that belongs to it.");
        }
        var bias = find($"{name}.bias");
        if (bias is { Shape: not [1] })
        {
            throw new UserInputException(
                $"{path}: tensor '{name}.bias' has the shape [{string.Join(", ", bias.Value.Shape)}], not [1]. Export the model again.");
        }
        return new(weight.Values(), bias?.Values()[0] ?? 0);
    }
}
