using System.Numerics.Tensors;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Adapters;

/// <summary>
/// Makes one model of a base and its adapter: W + (alpha / rank) B A in float32, a tensor at a time. Metadata and vocabulary are the
/// base's.
/// </summary>
/// <param name="progress">Gets the number of maps merged so far.</param>
public sealed class AdapterMerge(GgufFile baseModel, LoraAdapter adapter, IProgress<int>? progress, CancellationToken cancellationToken)
{
    private readonly Dictionary<string, LoraMap> _maps = adapter.Maps.ToDictionary(map => map.Tensor);
    private int _merged;

    /// <summary>Writes the merged model, whole or not at all.</summary>
    /// <param name="type">F32, F16, BF16 or Q8_0 for every map; null keeps the base's types, and the bytes of what the adapter leaves
    /// alone.</param>
    /// <exception cref="UserInputException">The type does not fit the model's shapes, or is kept where it cannot be written.</exception>
    /// <exception cref="StorageException">No space, no permission.</exception>
    public void Write(string path, TensorType? type)
    {
        if (type is { } given) ModelWriter.WriteLike(baseModel, path, Weights, given);
        else ModelWriter.WriteChanged(baseModel, path, _maps.Keys.ToHashSet(), Weights);
    }

    /// <summary>A tensor of the merged model, row-major.</summary>
    public ReadOnlyMemory<float> Weights(string name)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var weights = baseModel.ReadFloat32(baseModel.Tensors[name]);
        if (!_maps.TryGetValue(name, out var map)) return weights;
        AddProduct(weights, map, baseModel.Tensors[name].Shape);
        progress?.Report(++_merged);
        return weights;
    }

    private void AddProduct(float[] weights, LoraMap map, int[] shape)
    {
        var rank = adapter.Rank;
        var (rows, columns, scale) = (shape[^2], shape[^1], adapter.Alpha / rank);
        Parallel.For(0, weights.Length / columns, row =>
        {
            var sum = weights.AsSpan(row * columns, columns);
            var first = row / rows * rank;
            for (var k = 0; k < rank; k++)
                TensorPrimitives.MultiplyAdd(map.A.AsSpan((first + k) * columns, columns), scale * map.B[row * rank + k], sum, sum);
        });
    }
}
