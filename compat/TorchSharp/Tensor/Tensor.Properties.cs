using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public long numel() => op_numel(this);

        /// <summary>Bytes of one element.</summary>
        public long element_size() => op_element_size(this);

        public ScalarType dtype => (ScalarType)op_dtype(this);
        public Device device => CPU;

        public long[] shape
        {
            get
            {
                var sizes = new long[op_ndimension(this)];
                op_sizes(this, sizes);
                return sizes;
            }
        }

        public long size(int dim)
        {
            var result = op_size(this, dim);
            CheckForErrors();
            return result;
        }

        /// <summary>Elements from one entry of each dimension to the next.</summary>
        internal long[] stride()
        {
            var strides = new long[op_ndimension(this)];
            op_strides(this, strides);
            return strides;
        }

        /// <summary>Whether the elements lie row-major without gaps.</summary>
        public bool is_contiguous() => op_is_contiguous(this);

        [LibraryImport(Library.Name)] private static partial long op_ndimension(Tensor self);
        [LibraryImport(Library.Name)] private static partial long op_numel(Tensor self);
        [LibraryImport(Library.Name)] private static partial long op_element_size(Tensor self);
        [LibraryImport(Library.Name)] private static partial int op_dtype(Tensor self);
        [LibraryImport(Library.Name)] private static partial void op_sizes(Tensor self, [In, Out] long[] into);
        [LibraryImport(Library.Name)] private static partial long op_size(Tensor self, long dim);
        [LibraryImport(Library.Name)] private static partial void op_strides(Tensor self, [In, Out] long[] into);
        [LibraryImport(Library.Name)] private static partial Flag op_is_contiguous(Tensor self);
    }
}
