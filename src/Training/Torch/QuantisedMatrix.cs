using IterativeDpo.Artifacts.Gguf;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// A frozen matrix kept as its file has it, about 8.5 bits a weight for Q8_0, 4.6 for Q4_K and 4.5 for MXFP4 (QLoRA, arXiv 2305.14314), and
/// dequantised whole when it is needed, on whatever device it is on: x = d · scale · q − dmin · minimum.
/// </summary>
internal sealed class QuantisedMatrix : IDisposable
{
    // 1 MiB in float32: what is made on the way stays in a processor's cache, and takes no memory to speak of.
    private const long ValuesAtOnce = 1 << 18;

    private readonly QuantLayout _layout;
    private readonly long _columns;
    private readonly Tensor _quants;
    private readonly Tensor _superScales;
    private readonly Tensor? _scales;
    private readonly Tensor? _superMinima;
    private readonly Tensor? _minima;
    private readonly Tensor? _pairs; // What the low and the high nibble of each byte stand for, [256, 2].

    /// <param name="bytes">The matrix as the file has it, row after row.</param>
    public QuantisedMatrix(TensorType type, ReadOnlySpan<byte> bytes, int rows, int columns, Device device)
    {
        (_layout, _columns) = (QuantLayout.Of(type)!, columns);
        var parts = _layout.Split(bytes);
        var blocks = columns / _layout.BlockSize;
        Tensor Place(Tensor values, params long[] shape) => values.view([rows, blocks, .. shape]).to(device).DetachFromDisposeScope();
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        _quants = _layout.Nibbles
            ? Place(tensor(parts.Quants), -1, _layout.SubBlockSize)
            : Place(tensor(Signed(parts.Quants)), -1, _layout.SubBlockSize);
        _superScales = Place(tensor(parts.SuperScales).to(_layout.HasPowers ? ScalarType.BFloat16 : ScalarType.Float16), 1, 1);
        _pairs = _layout.Codes is { } codes
            ? tensor([.. Enumerable.Range(0, 256).SelectMany(value => (float[])[codes[value & 15], codes[value >> 4]])]).view(256, 2)
                .to(device).DetachFromDisposeScope()
            : null;
        _scales = parts.Scales is { } scales ? Place(tensor(Signed(scales)), -1, 1) : null;
        _superMinima = parts.SuperMinima is { } superMinima ? Place(tensor(superMinima).to(ScalarType.Float16), 1, 1) : null;
        _minima = parts.Minima is { } minima ? Place(tensor(Signed(minima)), -1, 1) : null;
    }

    /// <summary>Whether matrices of this type are kept quantised; others are dequantised when they are read.</summary>
    public static bool Takes(TensorType type, int columns) => QuantLayout.Of(type) is { } layout && columns % layout.BlockSize == 0;

    /// <summary>
    /// Writes the weights, [rows, columns]: the values that reading them as float32 gives, rounded to the destination's type.
    /// </summary>
    public void CopyTo(Tensor destination)
    {
        using var gradients = no_grad();
        var rowsAtOnce = Math.Max(1, ValuesAtOnce / _columns);
        for (long start = 0; start < destination.size(0); start += rowsAtOnce)
        {
            using var scope = NewDisposeScope();
            var rows = Math.Min(rowsAtOnce, destination.size(0) - start);
            destination.narrow(0, start, rows).copy_(Values(part => part.narrow(0, start, rows)));
        }
    }

    /// <summary>Some of the rows, float32 [n, columns].</summary>
    public Tensor Rows(Tensor indexes)
    {
        using var gradients = no_grad();
        return Values(part => part.index_select(0, indexes));
    }

    /// <param name="take">Takes the rows wanted of each part.</param>
    private Tensor Values(Func<Tensor, Tensor> take)
    {
        using var scope = NewDisposeScope();
        Tensor Wide(Tensor part) => take(part).to(ScalarType.Float32);
        var scale = _scales is null ? Wide(_superScales) : Wide(_superScales) * Wide(_scales);
        var quants = _pairs is not null ? Look(take(_quants), _pairs) : _layout.Nibbles ? Unpack(Wide(_quants)) : Wide(_quants);
        var values = quants.mul_(scale);
        if (_superMinima is not null)
        {
            values.sub_(Wide(_superMinima) * Wide(_minima!));
        }
        return values.view(-1, _columns).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _quants.Dispose();
        _superScales.Dispose();
        _scales?.Dispose();
        _superMinima?.Dispose();
        _minima?.Dispose();
        _pairs?.Dispose();
    }

    /// <summary>
    /// Bytes with two values each, [.., half, n], to values, [.., 2 · half, n]: the low nibbles' sub-block, then the high ones'.
    /// </summary>
    private static Tensor Unpack(Tensor packed)
    {
        var high = (packed / 16).floor_();
        return stack([packed - high * 16, high], 3).flatten(2, 3);
    }

    /// <summary>The same of values that are codes.</summary>
    private static Tensor Look(Tensor packed, Tensor pairs) =>
        pairs.index_select(0, packed.flatten().to(ScalarType.Int32)).view([.. packed.shape, 2]).transpose(3, 4).contiguous().flatten(2, 3);

    private static sbyte[] Signed(byte[] values) => Array.ConvertAll(values, value => unchecked((sbyte)value));
}
