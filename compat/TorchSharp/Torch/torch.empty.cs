using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static Tensor empty(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(op_empty(size, size.Length, Code(dtype ?? ScalarType.Float32)), device, requires_grad, names);

    [LibraryImport(Library.Name)] private static partial Tensor op_empty(ReadOnlySpan<long> dims, long rank, int type);
}
