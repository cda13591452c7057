using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The same storage where the type is the same already, unless <paramref name="copy"/>.</summary>
        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            var result = op_to_type(this, (int)type, copy);
            if (disposeAfter) Dispose();
            return result;
        }

        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            InitializeDevice(device);
            return to(dtype, copy, disposeAfter, non_blocking);
        }

        public Tensor cpu() => to(CPU);

        public Tensor clone() => op_clone(this);
        public Tensor contiguous() => op_contiguous(this);
        public Tensor copy_(Tensor source, bool nonBlocking = false) => Changed(op_copy_(this, source));

        [LibraryImport(Library.Name)] private static partial Tensor op_to_type(Tensor self, int type, Flag copy);
        [LibraryImport(Library.Name)] private static partial Tensor op_clone(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_contiguous(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_copy_(Tensor self, Tensor source);
    }
}
