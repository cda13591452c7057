using System.Collections;

namespace TorchSharp.Utils;

/// <summary>The elements of a tensor in row-major order.</summary>
public sealed class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly torch.Tensor _tensor;
    private readonly nint _data;
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly bool _contiguous;
    private readonly long _count;

    internal unsafe TensorAccessor(torch.Tensor tensor)
    {
        _tensor = tensor;
        _data = (nint)tensor.DataPointer();
        _shape = tensor.shape;
        _strides = tensor.stride();
        _contiguous = tensor.is_contiguous();
        _count = tensor.numel();
    }

    public unsafe T[] ToArray()
    {
        var result = new T[_count];
        if (_contiguous) new Span<T>((T*)_data, result.Length).CopyTo(result);
        else for (var i = 0; i < result.Length; i++) result[i] = At(i);
        GC.KeepAlive(_tensor);
        return result;
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (long i = 0; i < _count; i++) yield return At(i);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Nothing to release: the memory is the tensor's.</summary>
    public void Dispose() { }

    private unsafe T At(long index) => ((T*)_data)[OffsetOf(index)];

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
}
