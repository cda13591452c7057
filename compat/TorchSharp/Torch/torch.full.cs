using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static Tensor full(ReadOnlySpan<long> size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(op_full(size, size.Length, value, CodeFor(dtype, value)), device, requires_grad, names);

    [LibraryImport(Library.Name)] private static partial Tensor op_full(ReadOnlySpan<long> dims, long rank, Scalar value, int type);
}
