using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor sum(ScalarType? type = null) => op_sum(this, Code(type));
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => op_sum_dims(this, dim, dim.Length, keepdim, Code(type));
        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => sum([dim], keepdim, type);
        public Tensor mean() => op_mean(this);

        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) =>
            op_mean_dims(this, dimensions, dimensions.Length, keepdim, Code(type));

        /// <summary>The p-norm of all elements.</summary>
        public Tensor norm(float p = 2.0f) => op_norm(this, p);

        public Tensor max() => op_max(this);
        public Tensor amax(params long[] dims) => op_amax(this, dims, dims.Length, false);
        public Tensor argmax(long dim, bool keepdim = false) => op_argmax_dim(this, dim, keepdim);

        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) =>
            Pair(op_sort(this, dim, descending, stable));

        public Tensor logsumexp(long dim, bool keepdim = false) => op_logsumexp(this, dim, keepdim);
        public Tensor softmax(long dim, ScalarType? dtype = null) => op_softmax(this, dim, Code(dtype));
        public Tensor log_softmax(long dim, ScalarType? dtype = null) => op_log_softmax(this, dim, Code(dtype));

        private static (Tensor, Tensor) Pair(nint list)
        {
            var tensors = Handles.Take(list);
            return (tensors[0], tensors[1]);
        }

        [LibraryImport(Library.Name)] private static partial Tensor op_sum(Tensor self, int type);
        [LibraryImport(Library.Name)] private static partial Tensor op_sum_dims(Tensor self, ReadOnlySpan<long> dims, long count, Flag keepdim, int type);
        [LibraryImport(Library.Name)] private static partial Tensor op_mean(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_mean_dims(Tensor self, ReadOnlySpan<long> dims, long count, Flag keepdim, int type);
        [LibraryImport(Library.Name)] private static partial Tensor op_norm(Tensor self, float p);
        [LibraryImport(Library.Name)] private static partial Tensor op_argmax_dim(Tensor self, long dim, Flag keepdim);
        [LibraryImport(Library.Name)] private static partial Tensor op_max(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_amax(Tensor self, ReadOnlySpan<long> dims, long count, Flag keepdim);
        [LibraryImport(Library.Name)] private static partial nint op_sort(Tensor self, long dim, Flag descending, Flag stable);
        [LibraryImport(Library.Name)] private static partial Tensor op_logsumexp(Tensor self, long dim, Flag keepdim);
        [LibraryImport(Library.Name)] private static partial Tensor op_softmax(Tensor self, long dim, int type);
        [LibraryImport(Library.Name)] private static partial Tensor op_log_softmax(Tensor self, long dim, int type);
    }
}
