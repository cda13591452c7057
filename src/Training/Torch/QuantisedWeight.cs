using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>A quantised matrix as its file has it.</summary>
internal sealed record StoredMatrix(TensorType Type, byte[] Bytes)
{
    /// <summary>Null where the tensor is not quantised, or not in a way that it can be kept.</summary>
    public static StoredMatrix? Of(GgufFile file, WeightPart part)
    {
        var tensor = PlaceOf(file, part);
        return tensor.Shape is [_, var columns] && QuantisedMatrix.Takes(tensor.Type, columns)
            ? new(tensor.Type, file.Bytes(tensor).ToArray())
            : null;
    }

    /// <summary>Where a part is in its file.</summary>
    public static GgufTensor PlaceOf(GgufFile file, WeightPart part) =>
        part.Expert is { } expert ? file.Tensors[part.Name].Expert(expert) : file.Tensors[part.Name];
}

/// <summary>A fused weight of which some or all parts are kept quantised; the others are in the compute type.</summary>
internal sealed class QuantisedWeight : IDisposable
{
    private readonly List<(int Rows, QuantisedMatrix? Quantised, Tensor? Plain)> _parts = [];
    private readonly long[] _shape;
    private readonly Device _device;

    /// <param name="stored">Gives a part as the file has it, or null where it is not quantised.</param>
    /// <param name="plain">Gives such a part's values.</param>
    public QuantisedWeight(
        FusedWeight weight, Func<WeightPart, StoredMatrix?> stored, Func<WeightPart, Tensor> plain, ModelConfig config, Device device)
    {
        (_shape, _device) = (weight.Shape, device);
        var columns = weight.Columns!.Value;
        foreach (var part in weight.Parts)
        {
            if (stored(part) is { } matrix)
            {
                var bytes = RopeRows.FromFile(matrix.Bytes, matrix.Bytes.Length / part.Rows, part, config);
                _parts.Add((part.Rows, new(matrix.Type, bytes, part.Rows, columns, device), null));
            }
            else
            {
                _parts.Add((part.Rows, null, plain(part).view(part.Rows, columns).to(device).DetachFromDisposeScope()));
            }
        }
    }

    /// <summary>The whole matrix, [rows, columns], made for this use.</summary>
    public Tensor Matrix(ScalarType type)
    {
        var result = empty(_shape, type, _device);
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        long row = 0;
        foreach (var (rows, quantised, plain) in _parts)
        {
            var place = result.narrow(0, row, rows);
            if (quantised is null)
            {
                place.copy_(plain!);
            }
            else
            {
                quantised.CopyTo(place);
            }
            row += rows;
        }
        return result;
    }

    /// <summary>Some rows of a weight of one part, float32 [n, columns].</summary>
    public Tensor RowsOf(Tensor indexes) => _parts is [{ Quantised: { } only }]
        ? only.Rows(indexes)
        : throw new InvalidOperationException("A weight of several parts has no rows of its own.");

    public void Dispose()
    {
        foreach (var (_, quantised, plain) in _parts)
        {
            quantised?.Dispose();
            plain?.Dispose();
        }
    }
}
