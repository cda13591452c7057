using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>The numbers from start to stop in steps of one, stop not included.</summary>
    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
    {
        var natural = start.IsIntegral && stop.IsIntegral ? ScalarType.Int64 : ScalarType.Float32;
        return Made(op_arange(start, stop, Code(dtype ?? natural)), device, requires_grad, null);
    }

    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(0, stop, dtype, device, requires_grad);

    public static Tensor zeros_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(op_zeros_like(input, Code(dtype)), device, requires_grad, names);

    public static Tensor ones_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(op_ones_like(input, Code(dtype)), device, requires_grad, names);

    public static Tensor empty_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(op_empty_like(input, Code(dtype)), device, requires_grad, names);

    public static Tensor full_like(
        Tensor input, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(op_full_like(input, value, Code(dtype)), device, requires_grad, names);

    private static Tensor FromMemory<T>(
        ReadOnlySpan<T> data, ReadOnlySpan<long> dims, ScalarType type, ScalarType? dtype, Device? device, bool requires_grad, string[]? names)
        where T : unmanaged
    {
        var result = op_from_memory(MemoryMarshal.AsBytes(data), dims, dims.Length, (int)type);
        if (dtype is { } wanted && wanted != type) result = result.to(wanted, disposeAfter: true);
        return Made(result, device, requires_grad, names);
    }

    private static Tensor Made(Tensor tensor, Device? device, bool requires_grad, string[]? names)
    {
        InitializeDevice(device);
        if (names is not null) throw new NotSupportedException("The stand-in for TorchSharp has no named dimensions.");
        return requires_grad ? tensor.requires_grad_() : tensor;
    }

    private static int CodeFor(ScalarType? dtype, Scalar value) => Code(dtype ?? (value.IsIntegral ? ScalarType.Int64 : ScalarType.Float32));

    [LibraryImport(Library.Name)] private static partial Tensor op_from_memory(ReadOnlySpan<byte> data, ReadOnlySpan<long> dims, long rank, int type);
    [LibraryImport(Library.Name)] private static partial Tensor op_arange(Scalar start, Scalar stop, int type);
    [LibraryImport(Library.Name)] private static partial Tensor op_zeros_like(Tensor self, int type);
    [LibraryImport(Library.Name)] private static partial Tensor op_ones_like(Tensor self, int type);
    [LibraryImport(Library.Name)] private static partial Tensor op_empty_like(Tensor self, int type);
    [LibraryImport(Library.Name)] private static partial Tensor op_full_like(Tensor self, Scalar value, int type);
}
