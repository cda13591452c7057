using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => select(0, i1);
            set
            {
                using var place = select(0, i1);
                place.copy_(value);
            }
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => index(i1, i2);
            set => index_put_(value, [i1, i2]);
        }

        public Tensor index(params TensorIndex[] indices)
        {
            var result = op_index(this, TensorIndex.Encode(indices), indices.Length);
            GC.KeepAlive(indices);
            return result;
        }

        public Tensor index(params Tensor[] indices) => index(Array.ConvertAll(indices, TensorIndex.Tensor));

        public Tensor index_put_(Tensor value, params TensorIndex[] indices)
        {
            Checked(op_index_put_(this, TensorIndex.Encode(indices), indices.Length, value));
            GC.KeepAlive(indices);
            return this;
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, Array.ConvertAll(indices, TensorIndex.Tensor));

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            Checked(op_index_put_number_(this, TensorIndex.Encode(indices), indices.Length, value));
            GC.KeepAlive(indices);
            return this;
        }

        public Tensor index_select(long dim, Tensor index) => op_index_select(this, dim, index);
        public Tensor gather(long dim, Tensor index) => op_gather(this, dim, index);
        public Tensor scatter(long dim, Tensor index, Tensor src) => op_scatter(this, dim, index, src);
        public Tensor scatter_(long dim, Tensor index, Tensor src) => Changed(op_scatter_(this, dim, index, src));
        public Tensor scatter_add(long dim, Tensor index, Tensor src) => op_scatter_add(this, dim, index, src);
        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => Changed(op_scatter_add_(this, dim, index, src));
        public Tensor index_add(long dim, Tensor index, Tensor source, Scalar alpha) => op_index_add(this, dim, index, source, alpha);
        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) => Changed(op_index_add_(this, dim, index, source, alpha));
        public Tensor index_copy(long dim, Tensor index, Tensor source) => op_index_copy(this, dim, index, source);
        public Tensor index_copy_(long dim, Tensor index, Tensor source) => Changed(op_index_copy_(this, dim, index, source));
        public Tensor index_fill_(long dim, Tensor index, Scalar value) => Changed(op_index_fill_(this, dim, index, value));
        public Tensor masked_fill(Tensor mask, Scalar value) => op_masked_fill(this, mask, value);
        public Tensor masked_fill_(Tensor mask, Scalar value) => Changed(op_masked_fill_(this, mask, value));

        public Tensor masked_select(Tensor mask)
        {
            if (mask.dtype != ScalarType.Bool) throw new ArgumentException("The mask tensor must be Boolean.");
            return op_masked_select(this, mask);
        }

        /// <summary>This tensor's element where <paramref name="condition"/> holds, else that of <paramref name="y"/>.</summary>
        public Tensor where(Tensor condition, Tensor y)
        {
            if (condition.dtype != ScalarType.Bool) throw new ArgumentException("The condition to 'where' must be a boolean tensor.");
            return op_where(this, condition, y);
        }

        /// <summary>Positions of the elements that are not zero: [count, Dimensions], Int64.</summary>
        public Tensor nonzero() => op_nonzero(this);

        [LibraryImport(Library.Name)] private static partial Tensor op_index(Tensor self, TensorIndex.Entry[] entries, long count);
        [LibraryImport(Library.Name)] private static partial Flag op_index_put_(Tensor self, TensorIndex.Entry[] entries, long count, Tensor value);
        [LibraryImport(Library.Name)]
        private static partial Flag op_index_put_number_(Tensor self, TensorIndex.Entry[] entries, long count, Scalar value);
        [LibraryImport(Library.Name)] private static partial Tensor op_index_select(Tensor self, long dim, Tensor index);
        [LibraryImport(Library.Name)] private static partial Tensor op_gather(Tensor self, long dim, Tensor index);
        [LibraryImport(Library.Name)] private static partial Tensor op_scatter(Tensor self, long dim, Tensor index, Tensor source);
        [LibraryImport(Library.Name)] private static partial Flag op_scatter_(Tensor self, long dim, Tensor index, Tensor source);
        [LibraryImport(Library.Name)] private static partial Tensor op_scatter_add(Tensor self, long dim, Tensor index, Tensor source);
        [LibraryImport(Library.Name)] private static partial Flag op_scatter_add_(Tensor self, long dim, Tensor index, Tensor source);
        [LibraryImport(Library.Name)] private static partial Tensor op_index_add(Tensor self, long dim, Tensor index, Tensor source, Scalar alpha);
        [LibraryImport(Library.Name)] private static partial Flag op_index_add_(Tensor self, long dim, Tensor index, Tensor source, Scalar alpha);
        [LibraryImport(Library.Name)] private static partial Tensor op_index_copy(Tensor self, long dim, Tensor index, Tensor source);
        [LibraryImport(Library.Name)] private static partial Flag op_index_copy_(Tensor self, long dim, Tensor index, Tensor source);
        [LibraryImport(Library.Name)] private static partial Flag op_index_fill_(Tensor self, long dim, Tensor index, Scalar value);
        [LibraryImport(Library.Name)] private static partial Tensor op_masked_fill(Tensor self, Tensor mask, Scalar value);
        [LibraryImport(Library.Name)] private static partial Flag op_masked_fill_(Tensor self, Tensor mask, Scalar value);
        [LibraryImport(Library.Name)] private static partial Tensor op_masked_select(Tensor self, Tensor mask);
        [LibraryImport(Library.Name)] private static partial Tensor op_where(Tensor self, Tensor condition, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_nonzero(Tensor self);
    }
}
