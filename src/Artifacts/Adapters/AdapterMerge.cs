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
    private readonly MatrixReader _matrices = new(baseModel);
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
        var tensor = baseModel.Tensors[name];
        return Merge(tensor, baseModel.ReadFloat32(tensor), firstRow: 0);
    }

    /// <summary>A tensor of the merged model, row-major, or of experts' maps the matrix of the one with that index; valid until the next
    /// is asked for.</summary>
    public ReadOnlyMemory<float> Weights(string name, int expert)
    {
        var tensor = baseModel.Tensors[name];
        return Merge(tensor, _matrices.Read(name, expert), firstRow: tensor.Shape.Length == 3 ? expert * tensor.Shape[1] : 0);
    }

    private ReadOnlyMemory<float> Merge(GgufTensor tensor, Memory<float> weights, int firstRow)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_maps.TryGetValue(tensor.Name, out var map)) return weights;
        AddProduct(weights, map, tensor.Shape, firstRow);
        if (firstRow * tensor.Shape[^1] + weights.Length == tensor.Elements) progress?.Report(++_merged);
        return weights;
    }

    /// <param name="firstRow">Which row of the map the first of the weights is.</param>
    private void AddProduct(Memory<float> weights, LoraMap map, int[] shape, int firstRow)
    {
        var rank = adapter.Rank;
        var (rows, columns, scale) = (shape[^2], shape[^1], adapter.Alpha / rank);
        Parallel.For(0, weights.Length / columns, index =>
        {
            var sum = weights.Span.Slice(index * columns, columns);
            var row = firstRow + index;
            var first = row / rows * rank;
            for (var k = 0; k < rank; k++)
                TensorPrimitives.MultiplyAdd(map.A.AsSpan((first + k) * columns, columns), scale * map.B[row * rank + k], sum, sum);
        });
    }
}
