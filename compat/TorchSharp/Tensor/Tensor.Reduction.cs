using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor sum(ScalarType? type = null) => op_sum(this, Code(type));
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => op_sum_dims(this, dim, dim.Length, keepdim, Code(type));
        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => sum((ReadOnlySpan<long>)dim, keepdim, type);
        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => sum([dim], keepdim, type);
        public Tensor sum(long dim0, long dim1, bool keepdim = false, ScalarType? type = null) => sum([dim0, dim1], keepdim, type);
        public Tensor prod(ScalarType? type = null) => op_prod(this, Code(type));
        public Tensor mean() => op_mean(this);

        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) =>
            op_mean_dims(this, dimensions, dimensions.Length, keepdim, Code(type));

        public Tensor std(bool unbiased = true) => op_std(this, unbiased);
        public Tensor var(bool unbiased = true) => op_var(this, unbiased);

        /// <summary>The p-norm of all elements.</summary>
        public Tensor norm(float p = 2.0f) => op_norm(this, p);
        public Tensor norm(int dim, bool keepdim = false, float p = 2.0f) => op_norm_dim(this, dim, keepdim, p);

        public Tensor all() => op_all(this);
        public Tensor all(long dim, bool keepdim = false) => op_all_dim(this, dim, keepdim);
        public Tensor any() => op_any(this);
        public Tensor any(long dim, bool keepdim = false) => op_any_dim(this, dim, keepdim);

        public Tensor max() => op_max(this);
        public Tensor max(Tensor other) => maximum(other);
        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => Pair(op_max_dim(this, dim, keepdim));
        public Tensor min() => op_min(this);
        public Tensor min(Tensor other) => minimum(other);
        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) => Pair(op_min_dim(this, dim, keepdim));
        public Tensor amax(params long[] dims) => op_amax(this, dims, dims.Length, false);
        public Tensor amin(params long[] dims) => op_amin(this, dims, dims.Length, false);
        public Tensor argmax() => op_argmax(this);
        public Tensor argmax(long dim, bool keepdim = false) => op_argmax_dim(this, dim, keepdim);
        public Tensor argmin() => op_argmin(this);
        public Tensor argmin(long dim, bool keepdim = false) => op_argmin_dim(this, dim, keepdim);
        public Tensor argsort(long dim = -1, bool descending = false) => op_argsort(this, dim, descending);

        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) =>
            Pair(op_sort(this, dim, descending, stable));

        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) =>
            Pair(op_topk(this, k, dim, largest, sorted));

        public Tensor cumsum(long dim, ScalarType? type = null) => op_cumsum(this, dim, Code(type));
        public Tensor logsumexp(long dim, bool keepdim = false) => op_logsumexp(this, dim, keepdim);
        public Tensor softmax(long dim, ScalarType? dtype = null) => op_softmax(this, dim, Code(dtype));
        public Tensor log_softmax(long dim, ScalarType? dtype = null) => op_log_softmax(this, dim, Code(dtype));
        public Tensor bincount(Tensor? weights, long minlength = 0) => op_bincount(this, weights, minlength);

        private static (Tensor, Tensor) Pair(nint list)
        {
            var tensors = Handles.Take(list);
            return (tensors[0], tensors[1]);
        }

        [LibraryImport(Library.Name)] private static partial Tensor op_sum(Tensor self, int type);
        [LibraryImport(Library.Name)] private static partial Tensor op_sum_dims(Tensor self, ReadOnlySpan<long> dims, long count, Flag keepdim, int type);
        [LibraryImport(Library.Name)] private static partial Tensor op_prod(Tensor self, int type);
        [LibraryImport(Library.Name)] private static partial Tensor op_mean(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_mean_dims(Tensor self, ReadOnlySpan<long> dims, long count, Flag keepdim, int type);
        [LibraryImport(Library.Name)] private static partial Tensor op_std(Tensor self, Flag unbiased);
        [LibraryImport(Library.Name)] private static partial Tensor op_var(Tensor self, Flag unbiased);
        [LibraryImport(Library.Name)] private static partial Tensor op_norm(Tensor self, float p);
        [LibraryImport(Library.Name)] private static partial Tensor op_norm_dim(Tensor self, long dim, Flag keepdim, float p);
        [LibraryImport(Library.Name)] private static partial Tensor op_all(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_all_dim(Tensor self, long dim, Flag keepdim);
        [LibraryImport(Library.Name)] private static partial Tensor op_any(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_any_dim(Tensor self, long dim, Flag keepdim);
        [LibraryImport(Library.Name)] private static partial Tensor op_argmax(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_argmax_dim(Tensor self, long dim, Flag keepdim);
        [LibraryImport(Library.Name)] private static partial Tensor op_argmin(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_argmin_dim(Tensor self, long dim, Flag keepdim);
        [LibraryImport(Library.Name)] private static partial Tensor op_max(Tensor self);
        [LibraryImport(Library.Name)] private static partial nint op_max_dim(Tensor self, long dim, Flag keepdim);
        [LibraryImport(Library.Name)] private static partial Tensor op_amax(Tensor self, ReadOnlySpan<long> dims, long count, Flag keepdim);
        [LibraryImport(Library.Name)] private static partial Tensor op_min(Tensor self);
        [LibraryImport(Library.Name)] private static partial nint op_min_dim(Tensor self, long dim, Flag keepdim);
        [LibraryImport(Library.Name)] private static partial Tensor op_amin(Tensor self, ReadOnlySpan<long> dims, long count, Flag keepdim);
        [LibraryImport(Library.Name)] private static partial Tensor op_argsort(Tensor self, long dim, Flag descending);
        [LibraryImport(Library.Name)] private static partial nint op_sort(Tensor self, long dim, Flag descending, Flag stable);
        [LibraryImport(Library.Name)] private static partial nint op_topk(Tensor self, long k, long dim, Flag largest, Flag sorted);
        [LibraryImport(Library.Name)] private static partial Tensor op_cumsum(Tensor self, long dim, int type);
        [LibraryImport(Library.Name)] private static partial Tensor op_logsumexp(Tensor self, long dim, Flag keepdim);
        [LibraryImport(Library.Name)] private static partial Tensor op_softmax(Tensor self, long dim, int type);
        [LibraryImport(Library.Name)] private static partial Tensor op_log_softmax(Tensor self, long dim, int type);
        [LibraryImport(Library.Name)] private static partial Tensor op_bincount(Tensor self, Tensor? weights, long minimum);
    }
}
