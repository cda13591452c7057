using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor view(params long[] shape) => op_view(this, shape, shape.Length);
        public Tensor reshape(params long[] shape) => op_reshape(this, shape, shape.Length);
        public Tensor permute(params long[] permutation) => op_permute(this, permutation, permutation.Length);
        public Tensor flatten(long start_dim = 0, long end_dim = -1) => op_flatten(this, start_dim, end_dim);

        public Tensor view_as_complex() => op_view_as_complex(this);
        public Tensor t() => op_t(this);
        public Tensor transpose(long dim0, long dim1) => op_transpose(this, dim0, dim1);
        public Tensor squeeze(long? dim = null) => dim is { } given ? op_squeeze(this, given) : op_squeeze_all(this);
        public Tensor unsqueeze(long dim) => op_unsqueeze(this, dim);
        public Tensor narrow(long dim, long start, long length) => op_narrow(this, dim, start, length);

        public Tensor select(long dim, long index) => op_select(this, dim, index);

        public Tensor triu(long diagonal = 0) => op_triu(this, diagonal);
        public Tensor tril(long diagonal = 0) => op_tril(this, diagonal);

        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) =>
            op_repeat_interleave(this, repeats, dim ?? long.MinValue, output_size ?? long.MinValue);

        [LibraryImport(Library.Name)] private static partial Tensor op_view_as_complex(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_view(Tensor self, ReadOnlySpan<long> dims, long rank);
        [LibraryImport(Library.Name)] private static partial Tensor op_reshape(Tensor self, ReadOnlySpan<long> dims, long rank);
        [LibraryImport(Library.Name)] private static partial Tensor op_permute(Tensor self, ReadOnlySpan<long> dims, long rank);
        [LibraryImport(Library.Name)] private static partial Tensor op_flatten(Tensor self, long start, long end);
        [LibraryImport(Library.Name)] private static partial Tensor op_t(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_transpose(Tensor self, long dim0, long dim1);
        [LibraryImport(Library.Name)] private static partial Tensor op_squeeze(Tensor self, long dim);
        [LibraryImport(Library.Name)] private static partial Tensor op_squeeze_all(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_unsqueeze(Tensor self, long dim);
        [LibraryImport(Library.Name)] private static partial Tensor op_narrow(Tensor self, long dim, long start, long length);
        [LibraryImport(Library.Name)] private static partial Tensor op_select(Tensor self, long dim, long index);
        [LibraryImport(Library.Name)] private static partial Tensor op_triu(Tensor self, long diagonal);
        [LibraryImport(Library.Name)] private static partial Tensor op_tril(Tensor self, long diagonal);
        [LibraryImport(Library.Name)] private static partial Tensor op_repeat_interleave(Tensor self, long repeats, long dim, long size);
    }
}
