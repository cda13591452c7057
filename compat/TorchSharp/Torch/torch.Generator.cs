using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A stream of random numbers.</summary>
    [NativeMarshalling(typeof(GeneratorMarshaller))]
    public partial class Generator : IDisposable
    {
        public Generator(ulong seed = 0, Device? device = null)
        {
            InitializeDevice(device);
            Handle = op_generator_new(seed);
        }

        ~Generator() => Dispose(false);

        internal IntPtr Handle { get; private set; }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            if (Handle == 0) return;
            op_generator_dispose(Handle);
            Handle = 0;
        }

        [LibraryImport(Library.Name)] private static partial nint op_generator_new(ulong seed);
        [LibraryImport(Library.Name)] private static partial void op_generator_dispose(nint self);
    }
}
