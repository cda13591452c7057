using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The elements, in place. <typeparamref name="T"/> must be the element type.</summary>
        public Utils.TensorAccessor<T> data<T>() where T : unmanaged
        {
            ValidateType(typeof(T));
            return new Utils.TensorAccessor<T>(this);
        }

        /// <summary>The memory of a contiguous tensor of at most 2 GiB: valid as long as the tensor is.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                var size = numel() * element_size();
                if (!is_contiguous()) throw new InvalidOperationException("Bytes() called on non-contiguous tensor.");
                if (size > int.MaxValue) throw new ArgumentException("Span only supports up to int.MaxValue elements.");
                return new Span<byte>(DataPointer(), (int)size);
            }
        }

        /// <summary>The only element.</summary>
        public T item<T>() where T : unmanaged
        {
            if (numel() != 1) throw new ArgumentException("Number of elements in the tensor must be 1");
            return data<T>().ToArray()[0];
        }

        internal unsafe void* DataPointer()
        {
            var pointer = op_data(this);
            CheckForErrors();
            return (void*)pointer;
        }

        private void ValidateType(Type wanted)
        {
            var held = dtype switch
            {
                ScalarType.Byte => typeof(byte),
                ScalarType.Int8 => typeof(sbyte),
                ScalarType.Int16 => typeof(short),
                ScalarType.Int32 => typeof(int),
                ScalarType.Int64 => typeof(long),
                ScalarType.Bool => typeof(bool),
                ScalarType.Float16 => typeof(Half),
                ScalarType.Float32 => typeof(float),
                ScalarType.Float64 => typeof(double),
                _ => null,
            };
            if (held != wanted) throw new ArgumentException($"{wanted.Name} is not compatible with {dtype}");
        }

        [LibraryImport(Library.Name)] private static partial nint op_data(Tensor self);
    }
}
