using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static Tensor cat(ReadOnlySpan<Tensor> tensors, long dim = 0) => Cat([.. tensors], dim);
    public static Tensor cat(Tensor[] tensors, long dim = 0) => Cat(tensors, dim);
    public static Tensor cat(IList<Tensor> tensors, long dim = 0) => Cat(Handles.ArrayOf(tensors), dim);

    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0)
    {
        var items = Handles.ArrayOf(tensors);
        var result = op_stack(Handles.Of(items), items.Length, dim);
        GC.KeepAlive(items);
        return result;
    }

    public static Tensor block_diag(params Tensor[] tensors)
    {
        var result = op_block_diag(Handles.Of(tensors), tensors.Length);
        GC.KeepAlive(tensors);
        return result;
    }

    public static Tensor complex(Tensor real, Tensor imag) => op_complex(real, imag);

    private static Tensor Cat(Tensor[] items, long dim)
    {
        var result = op_cat(Handles.Of(items), items.Length, dim);
        GC.KeepAlive(items);
        return result;
    }

    [LibraryImport(Library.Name)] private static partial Tensor op_cat(nint[] items, long count, long dim);
    [LibraryImport(Library.Name)] private static partial Tensor op_stack(nint[] items, long count, long dim);
    [LibraryImport(Library.Name)] private static partial Tensor op_block_diag(nint[] items, long count);
    [LibraryImport(Library.Name)] private static partial Tensor op_complex(Tensor real, Tensor imag);
}
