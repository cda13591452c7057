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

        /// <summary>The only element.</summary>
        public T item<T>() where T : unmanaged
        {
            if (NumberOfElements != 1) throw new ArgumentException("Number of elements in the tensor must be 1");
            return data<T>()[0];
        }

        /// <summary>The memory of a contiguous tensor, in place.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                var count = NumberOfElements * ElementSize;
                if (!is_contiguous()) throw new InvalidOperationException("Bytes() called on non-contiguous tensor.");
                if (count > int.MaxValue) throw new ArgumentException("Span only supports up to int.MaxValue elements.");
                return new Span<byte>(DataPointer(), (int)count);
            }
            set
            {
                if (!is_contiguous()) throw new InvalidOperationException("SetBytes() called on non-contiguous tensor.");
                if (value.Length != NumberOfElements * ElementSize) throw new ArgumentException("Mismatched data sizes in SetBytes().");
                value.CopyTo(new Span<byte>(DataPointer(), value.Length));
            }
        }

        internal unsafe void* DataPointer()
        {
            var pointer = op_data(this);
            CheckForErrors();
            return (void*)pointer;
        }

        public Scalar ToScalar()
        {
            var value = op_item(this);
            CheckForErrors();
            return new Scalar(value);
        }

        public static explicit operator float(Tensor value) => value.ToSingle();
        public static explicit operator double(Tensor value) => value.ToDouble();
        public static explicit operator int(Tensor value) => value.ToInt32();
        public static explicit operator long(Tensor value) => value.ToInt64();
        public static explicit operator bool(Tensor value) => value.ToBoolean();

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
                ScalarType.BFloat16 => typeof(BFloat16),
                ScalarType.Float16 => typeof(Half),
                ScalarType.Float32 => typeof(float),
                ScalarType.Float64 => typeof(double),
                _ => null,
            };
            if (held != wanted) throw new ArgumentException($"{wanted.Name} is not compatible with {dtype}");
        }

        [LibraryImport(Library.Name)] private static partial nint op_data(Tensor self);
        [LibraryImport(Library.Name)] private static partial Number op_item(Tensor self);
    }
}
