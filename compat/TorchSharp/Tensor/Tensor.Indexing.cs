using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get
            {
                using var row = select(0, i1);
                return row.select(0, i2);
            }
        }

        public Tensor index_select(long dim, Tensor index) => op_index_select(this, dim, index);
        public Tensor gather(long dim, Tensor index) => op_gather(this, dim, index);
        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) => Changed(op_index_add_(this, dim, index, source, alpha));
        public Tensor index_copy_(long dim, Tensor index, Tensor source) => Changed(op_index_copy_(this, dim, index, source));
        public Tensor masked_fill(Tensor mask, Scalar value) => op_masked_fill(this, mask, value);

        [LibraryImport(Library.Name)] private static partial Tensor op_index_select(Tensor self, long dim, Tensor index);
        [LibraryImport(Library.Name)] private static partial Tensor op_gather(Tensor self, long dim, Tensor index);
        [LibraryImport(Library.Name)] private static partial Flag op_index_add_(Tensor self, long dim, Tensor index, Tensor source, Scalar alpha);
        [LibraryImport(Library.Name)] private static partial Flag op_index_copy_(Tensor self, long dim, Tensor index, Tensor source);
        [LibraryImport(Library.Name)] private static partial Tensor op_masked_fill(Tensor self, Tensor mask, Scalar value);
    }
}
