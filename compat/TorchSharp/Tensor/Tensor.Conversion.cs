using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The same storage where the type is the same already, unless <paramref name="copy"/>.</summary>
        public Tensor to_type(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            var result = op_to_type(this, (int)type, copy);
            if (disposeAfter) Dispose();
            return result;
        }

        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to_type(type, copy, disposeAfter, non_blocking);

        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            InitializeDevice(device);
            return to_type(dtype, copy, disposeAfter, non_blocking);
        }

        public Tensor to(ScalarType type, Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            InitializeDevice(device);
            return to_type(type, copy, disposeAfter, non_blocking);
        }

        public Tensor type_as(Tensor tensor) => to_type(tensor.dtype);
        public Tensor cpu() => to(CPU);

        public Tensor @bool() => to_type(ScalarType.Bool);
        public Tensor @int() => to_type(ScalarType.Int32);
        public Tensor @long() => to_type(ScalarType.Int64);
        public Tensor half() => to_type(ScalarType.Float16);
        public Tensor bfloat16() => to_type(ScalarType.BFloat16);
        public Tensor @float() => to_type(ScalarType.Float32);
        public Tensor @double() => to_type(ScalarType.Float64);

        public Tensor clone() => op_clone(this);
        public Tensor alias() => op_alias(this);
        public Tensor contiguous() => op_contiguous(this);
        public Tensor copy_(Tensor source, bool nonBlocking = false) => Changed(op_copy_(this, source));

        public static implicit operator Tensor(int value) => tensor(value);
        public static implicit operator Tensor(long value) => tensor(value);
        public static implicit operator Tensor(float value) => tensor(value);
        public static implicit operator Tensor(double value) => tensor(value);
        public static implicit operator Tensor(bool value) => tensor(value);

        /// <summary>Only there so that the compiler prefers a Scalar overload, as with the package.</summary>
        public static implicit operator Tensor(Scalar scalar) => throw new InvalidOperationException("Should not be called.");

        [LibraryImport(Library.Name)] private static partial Tensor op_to_type(Tensor self, int type, Flag copy);
        [LibraryImport(Library.Name)] private static partial Tensor op_clone(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_alias(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_contiguous(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_copy_(Tensor self, Tensor source);
    }
}
