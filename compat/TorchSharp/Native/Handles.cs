using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>Lists of tensors across the boundary.</summary>
internal static unsafe partial class Handles
{
    /// <summary>Handles of <paramref name="tensors"/>; keep the tensors alive until the native call returned.</summary>
    internal static nint[] Of(ReadOnlySpan<torch.Tensor> tensors)
    {
        var handles = new nint[tensors.Length];
        for (var i = 0; i < handles.Length; i++) handles[i] = tensors[i].Handle;
        return handles;
    }

    internal static torch.Tensor[] ArrayOf(IEnumerable<torch.Tensor>? tensors) => tensors switch
    {
        null => [],
        torch.Tensor[] array => array,
        _ => [.. tensors],
    };

    /// <summary>Takes over the tensors of a native list: a count, then the handles. An undefined tensor becomes an invalid one.</summary>
    internal static torch.Tensor[] Take(nint list)
    {
        if (list == 0) torch.CheckForErrors();
        var items = (nint*)list;
        var result = new torch.Tensor[(int)items[0]];
        for (var i = 0; i < result.Length; i++) result[i] = new torch.Tensor(items[i + 1]);
        op_list_free(list);
        return result;
    }

    [LibraryImport(Library.Name)] private static partial void op_list_free(nint list);
}
