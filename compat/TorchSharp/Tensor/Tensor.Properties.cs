using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public long Dimensions => op_ndimension(this);
        public long dim() => Dimensions;
        public long ndim => Dimensions;

        public long NumberOfElements => op_numel(this);
        public long numel() => NumberOfElements;

        /// <summary>Bytes of one element.</summary>
        public long ElementSize => op_element_size(this);
        public long element_size() => ElementSize;

        public ScalarType dtype => (ScalarType)op_dtype(this);
        public Device device => CPU;
        public DeviceType device_type => DeviceType.CPU;

        public long[] shape => size();

        public long[] size()
        {
            var sizes = new long[Dimensions];
            op_sizes(this, sizes);
            return sizes;
        }

        public long size(int dim)
        {
            var result = op_size(this, dim);
            CheckForErrors();
            return result;
        }

        /// <summary>Elements from one entry of each dimension to the next.</summary>
        public long[] stride()
        {
            var strides = new long[Dimensions];
            op_strides(this, strides);
            return strides;
        }

        public long stride(int dim)
        {
            var result = op_stride(this, dim);
            CheckForErrors();
            return result;
        }

        public bool is_contiguous() => op_is_contiguous(this);

        public bool is_floating_point() =>
            dtype is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64;

        [LibraryImport(Library.Name)] private static partial long op_ndimension(Tensor self);
        [LibraryImport(Library.Name)] private static partial long op_numel(Tensor self);
        [LibraryImport(Library.Name)] private static partial long op_element_size(Tensor self);
        [LibraryImport(Library.Name)] private static partial int op_dtype(Tensor self);
        [LibraryImport(Library.Name)] private static partial void op_sizes(Tensor self, [In, Out] long[] into);
        [LibraryImport(Library.Name)] private static partial long op_size(Tensor self, long dim);
        [LibraryImport(Library.Name)] private static partial long op_stride(Tensor self, long dim);
        [LibraryImport(Library.Name)] private static partial void op_strides(Tensor self, [In, Out] long[] into);
        [LibraryImport(Library.Name)] private static partial Flag op_is_contiguous(Tensor self);
    }
}
