using System.Collections;

namespace TorchSharp.Utils;

/// <summary>The elements of a tensor in row-major order, read and written in place.</summary>
public sealed class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly torch.Tensor _tensor;
    private readonly nint _data;
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly bool _contiguous;

    internal unsafe TensorAccessor(torch.Tensor tensor)
    {
        _tensor = tensor;
        _data = (nint)tensor.DataPointer();
        _shape = tensor.shape;
        _strides = tensor.stride();
        _contiguous = tensor.is_contiguous();
        Count = tensor.numel();
    }

    public long Count { get; }

    public T this[params long[] indices]
    {
        get => At(OffsetOf(indices));
        set => At(OffsetOf(indices)) = value;
    }

    public T[] ToArray()
    {
        var result = new T[Count];
        if (Count > 0) CopyTo(result);
        return result;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var into = array[Math.Min(arrayIndex, array.Length)..];
        var count = (int)Math.Min(into.Length, Count - Checked(tensorIndex));
        if (_contiguous) Block(tensorIndex, count).CopyTo(into);
        else for (var i = 0; i < count; i++) into[i] = At(OffsetOf(tensorIndex + i));
        GC.KeepAlive(_tensor);
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var from = array[Math.Min(arrayIndex, array.Length)..];
        var count = (int)Math.Min(from.Length, Count - Checked(tensorIndex));
        if (_contiguous) from[..count].CopyTo(Block(tensorIndex, count));
        else for (var i = 0; i < count; i++) At(OffsetOf(tensorIndex + i)) = from[i];
        GC.KeepAlive(_tensor);
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (long i = 0; i < Count; i++) yield return At(OffsetOf(i));
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Nothing to release: the memory is the tensor's.</summary>
    public void Dispose() { }

    private unsafe ref T At(long offset) => ref ((T*)_data)[offset];

    private unsafe Span<T> Block(long start, int count) => new((T*)_data + start, count);

    private long Checked(long index) =>
        index >= 0 && index < Count ? index : throw new ArgumentOutOfRangeException(nameof(index), index, $"The tensor has {Count} elements.");

    private long OffsetOf(long index)
    {
        if (_contiguous) return index;
        long offset = 0;
        for (var dim = _shape.Length - 1; dim >= 0; dim--)
        {
            index = Math.DivRem(index, _shape[dim], out var within);
            offset += within * _strides[dim];
        }
        return offset;
    }

    // One index counts elements in row-major order; several are one for each dimension.
    private long OffsetOf(long[] indices)
    {
        if (indices.Length == 1)
            return indices[0] >= 0 && indices[0] < Count ? OffsetOf(indices[0]) : throw new IndexOutOfRangeException();
        long offset = 0;
        for (var dim = 0; dim < _shape.Length; dim++)
        {
            if (indices[dim] < 0 || indices[dim] >= _shape[dim])
                throw new IndexOutOfRangeException($"{indices[dim]} >= {_shape[dim]} in dimension {dim}.");
            offset += indices[dim] * _strides[dim];
        }
        return offset;
    }
}
