using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor view(params long[] shape) => op_view(this, shape, shape.Length);
        public Tensor view_as(Tensor other) => view(other.shape);
        public Tensor reshape(params long[] shape) => op_reshape(this, shape, shape.Length);
        public Tensor permute(params long[] permutation) => op_permute(this, permutation, permutation.Length);
        public Tensor flatten(long start_dim = 0, long end_dim = -1) => op_flatten(this, start_dim, end_dim);

        public Tensor unflatten(long dim, params long[] sizes)
        {
            if (dim < 0 || dim >= ndim) throw new ArgumentException($"Invalid 'dim' argument: {dim}.");
            if (sizes.Length == 0) throw new ArgumentException("The number of output sizes is zero.");
            return op_unflatten(this, dim, sizes, sizes.Length);
        }

        public Tensor view_as_complex() => op_view_as_complex(this);
        public Tensor view_as_real() => op_view_as_real(this);
        public Tensor t() => op_t(this);
        public Tensor transpose(long dim0, long dim1) => op_transpose(this, dim0, dim1);
        public Tensor squeeze(long? dim = null) => dim is { } given ? op_squeeze(this, given) : op_squeeze_all(this);
        public Tensor unsqueeze(long dim) => op_unsqueeze(this, dim);
        public Tensor narrow(long dim, long start, long length) => op_narrow(this, dim, start, length);

        public Tensor slice(long dim, long start, long finish, long step)
        {
            if (step < 1) throw new ArgumentException($"step is {step}, but it should always be positive.");
            return op_slice(this, dim, start, finish, step);
        }

        public Tensor select(long dim, long index) => op_select(this, dim, index);
        public Tensor diagonal(long offset = 0L, long dim1 = 0L, long dim2 = 1L) => op_diagonal(this, offset, dim1, dim2);

        public Tensor as_strided(long[] size, long[] strides, long storageOffset = 0L) =>
            op_as_strided(this, size, size.Length, strides, storageOffset);

        public Tensor expand(ReadOnlySpan<long> sizes, bool isImplicit = false) => op_expand(this, sizes, sizes.Length, isImplicit);
        public Tensor expand(long[] sizes, bool isImplicit = false) => expand((ReadOnlySpan<long>)sizes, isImplicit);
        public Tensor expand(params long[] sizes) => expand((ReadOnlySpan<long>)sizes);
        public Tensor expand_as(Tensor other) => expand(other.shape);
        public Tensor repeat(params long[] sizes) => op_repeat(this, sizes, sizes.Length);
        public Tensor flip(params long[] dims) => op_flip(this, dims, dims.Length);
        public Tensor triu(long diagonal = 0) => op_triu(this, diagonal);
        public Tensor tril(long diagonal = 0) => op_tril(this, diagonal);
        public Tensor roll(long[] shifts, long[] dims) => op_roll(this, shifts, shifts.Length, dims, dims.Length);

        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) =>
            op_repeat_interleave(this, repeats, dim ?? long.MinValue, output_size ?? long.MinValue);

        public Tensor repeat_interleave(Tensor repeats, long? dim = null, long? output_size = null) =>
            op_repeat_interleave_tensor(this, repeats, dim ?? long.MinValue, output_size ?? long.MinValue);

        public Tensor[] split(long size, int dim = 0) => Handles.Take(op_split(this, size, dim));
        public Tensor[] split(ReadOnlySpan<long> sizes, long dim = 0) => Handles.Take(op_split_sizes(this, sizes, sizes.Length, dim));
        public Tensor[] split(long[] sizes, long dim = 0) => split((ReadOnlySpan<long>)sizes, dim);
        public Tensor[] split(params long[] sizes) => split((ReadOnlySpan<long>)sizes, 0);
        public Tensor[] chunk(long chunks, long dim = 0L) => Handles.Take(op_chunk(this, chunks, dim));
        public Tensor[] unbind(long dimension = 0L) => Handles.Take(op_unbind(this, dimension));

        [LibraryImport(Library.Name)] private static partial Tensor op_view_as_complex(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_view_as_real(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_view(Tensor self, ReadOnlySpan<long> dims, long rank);
        [LibraryImport(Library.Name)] private static partial Tensor op_reshape(Tensor self, ReadOnlySpan<long> dims, long rank);
        [LibraryImport(Library.Name)] private static partial Tensor op_permute(Tensor self, ReadOnlySpan<long> dims, long rank);
        [LibraryImport(Library.Name)] private static partial Tensor op_flatten(Tensor self, long start, long end);
        [LibraryImport(Library.Name)] private static partial Tensor op_unflatten(Tensor self, long dim, ReadOnlySpan<long> dims, long rank);
        [LibraryImport(Library.Name)] private static partial Tensor op_t(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_transpose(Tensor self, long dim0, long dim1);
        [LibraryImport(Library.Name)] private static partial Tensor op_squeeze(Tensor self, long dim);
        [LibraryImport(Library.Name)] private static partial Tensor op_squeeze_all(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_unsqueeze(Tensor self, long dim);
        [LibraryImport(Library.Name)] private static partial Tensor op_narrow(Tensor self, long dim, long start, long length);
        [LibraryImport(Library.Name)] private static partial Tensor op_slice(Tensor self, long dim, long start, long finish, long step);
        [LibraryImport(Library.Name)] private static partial Tensor op_select(Tensor self, long dim, long index);
        [LibraryImport(Library.Name)] private static partial Tensor op_diagonal(Tensor self, long offset, long dim1, long dim2);
        [LibraryImport(Library.Name)]
        private static partial Tensor op_as_strided(Tensor self, ReadOnlySpan<long> dims, long rank, ReadOnlySpan<long> strides, long offset);
        [LibraryImport(Library.Name)] private static partial Tensor op_expand(Tensor self, ReadOnlySpan<long> dims, long rank, Flag isImplicit);
        [LibraryImport(Library.Name)] private static partial Tensor op_repeat(Tensor self, ReadOnlySpan<long> dims, long rank);
        [LibraryImport(Library.Name)] private static partial Tensor op_flip(Tensor self, ReadOnlySpan<long> dims, long rank);
        [LibraryImport(Library.Name)] private static partial Tensor op_triu(Tensor self, long diagonal);
        [LibraryImport(Library.Name)] private static partial Tensor op_tril(Tensor self, long diagonal);
        [LibraryImport(Library.Name)]
        private static partial Tensor op_roll(Tensor self, ReadOnlySpan<long> shifts, long shiftCount, ReadOnlySpan<long> dims, long dimCount);
        [LibraryImport(Library.Name)] private static partial Tensor op_repeat_interleave(Tensor self, long repeats, long dim, long size);
        [LibraryImport(Library.Name)] private static partial Tensor op_repeat_interleave_tensor(Tensor self, Tensor repeats, long dim, long size);
        [LibraryImport(Library.Name)] private static partial nint op_split(Tensor self, long size, long dim);
        [LibraryImport(Library.Name)] private static partial nint op_split_sizes(Tensor self, ReadOnlySpan<long> sizes, long count, long dim);
        [LibraryImport(Library.Name)] private static partial nint op_chunk(Tensor self, long chunks, long dim);
        [LibraryImport(Library.Name)] private static partial nint op_unbind(Tensor self, long dim);
    }
}
