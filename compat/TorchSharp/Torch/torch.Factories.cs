using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>The numbers from start to stop, stop not included.</summary>
    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
    {
        var natural = start.IsIntegral && stop.IsIntegral && step.IsIntegral ? ScalarType.Int64 : ScalarType.Float32;
        return Made(op_arange(start, stop, step, Code(dtype ?? natural)), device, requires_grad, null);
    }

    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(start, stop, 1, dtype, device, requires_grad);

    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(0, stop, 1, dtype, device, requires_grad);

    public static Tensor eye(
        long rows, long columns = -1L, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(op_eye(rows, columns == -1 ? rows : columns, Code(dtype ?? ScalarType.Float32)), device, requires_grad, names);

    /// <summary>Whole numbers in [low, high).</summary>
    public static Tensor randint(
        long low, long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null,
        string[]? names = null) =>
        Made(op_randint(low, high, size, size.Length, Code(dtype ?? ScalarType.Int64), generator), device, requires_grad, names);

    public static Tensor randint(
        long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        randint(0, high, size, dtype, device, requires_grad, generator, names);

    /// <summary>The numbers below n in random order.</summary>
    public static Tensor randperm(long n, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        Made(op_randperm(n, Code(dtype ?? ScalarType.Int64), generator), device, requires_grad, null);

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
        long count = 1;
        foreach (var dim in dims) count *= dim;
        if (count > data.Length)
            throw new ArgumentException($"mismatched total size creating a tensor from an array: {count} vs. {data.Length}");
        var result = op_from_memory(MemoryMarshal.AsBytes(data), dims, dims.Length, (int)type);
        if (dtype is { } wanted && wanted != type) result = result.to_type(wanted, disposeAfter: true);
        return Made(result, device, requires_grad, names);
    }

    private static ReadOnlySpan<T> Elements<T>(T[,] array) where T : unmanaged =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array)), array.Length);

    private static Tensor Made(Tensor tensor, Device? device, bool requires_grad, string[]? names)
    {
        InitializeDevice(device);
        if (names is not null) throw new NotSupportedException("The stand-in for TorchSharp has no named dimensions.");
        if (requires_grad) tensor.requires_grad = true;
        return tensor;
    }

    private static int CodeFor(ScalarType? dtype, Scalar value) => Code(dtype ?? (value.IsIntegral ? ScalarType.Int64 : ScalarType.Float32));

    [LibraryImport(Library.Name)] private static partial Tensor op_from_memory(ReadOnlySpan<byte> data, ReadOnlySpan<long> dims, long rank, int type);
    [LibraryImport(Library.Name)] private static partial Tensor op_arange(Scalar start, Scalar stop, Scalar step, int type);
    [LibraryImport(Library.Name)] private static partial Tensor op_eye(long rows, long columns, int type);
    [LibraryImport(Library.Name)]
    private static partial Tensor op_randint(long low, long high, ReadOnlySpan<long> dims, long rank, int type, Generator? random);
    [LibraryImport(Library.Name)] private static partial Tensor op_randperm(long n, int type, Generator? random);
    [LibraryImport(Library.Name)] private static partial Tensor op_zeros_like(Tensor self, int type);
    [LibraryImport(Library.Name)] private static partial Tensor op_ones_like(Tensor self, int type);
    [LibraryImport(Library.Name)] private static partial Tensor op_empty_like(Tensor self, int type);
    [LibraryImport(Library.Name)] private static partial Tensor op_full_like(Tensor self, Scalar value, int type);
}
