using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static Tensor cat(ReadOnlySpan<Tensor> tensors, long dim = 0)
    {
        var result = op_cat(Handles.Of(tensors), tensors.Length, dim);
        foreach (var tensor in tensors) GC.KeepAlive(tensor);
        return result;
    }

    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0)
    {
        var items = Handles.ArrayOf(tensors);
        var result = op_stack(Handles.Of(items), items.Length, dim);
        GC.KeepAlive(items);
        return result;
    }

    public static Tensor complex(Tensor real, Tensor imag) => op_complex(real, imag);

    [LibraryImport(Library.Name)] private static partial Tensor op_cat(nint[] items, long count, long dim);
    [LibraryImport(Library.Name)] private static partial Tensor op_stack(nint[] items, long count, long dim);
    [LibraryImport(Library.Name)] private static partial Tensor op_complex(Tensor real, Tensor imag);
}
