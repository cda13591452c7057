using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static Tensor rand(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(op_rand(size, size.Length, Code(dtype ?? ScalarType.Float32), generator), device, requires_grad, names);

    [LibraryImport(Library.Name)] private static partial Tensor op_rand(ReadOnlySpan<long> dims, long rank, int type, Generator? random);
}
