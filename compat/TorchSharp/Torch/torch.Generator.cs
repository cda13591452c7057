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
        public Generator(ulong seed = 0, Device? device = null) : this(op_generator_new(seed)) => this.device = InitializeDevice(device);

        internal Generator(nint handle) => Handle = handle;

        ~Generator() => Dispose(false);

        public static Generator Default => new(op_generator_default());

        public IntPtr Handle { get; private set; }

        public Device device { get; private set; } = CPU;

        /// <summary>The state as bytes, for <see cref="set_state"/>.</summary>
        public Tensor get_state() => op_generator_get_state(this);

        public void set_state(Tensor value) => Checked(op_generator_set_state(this, value));

        public Generator manual_seed(long seed)
        {
            Checked(op_generator_seed(this, (ulong)seed));
            return this;
        }

        public long initial_seed() => op_generator_initial_seed(this);

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
        [LibraryImport(Library.Name)] private static partial nint op_generator_default();
        [LibraryImport(Library.Name)] private static partial void op_generator_dispose(nint self);
        [LibraryImport(Library.Name)] private static partial Tensor op_generator_get_state(Generator self);
        [LibraryImport(Library.Name)] private static partial Flag op_generator_set_state(Generator self, Tensor state);
        [LibraryImport(Library.Name)] private static partial Flag op_generator_seed(Generator self, ulong seed);
        [LibraryImport(Library.Name)] private static partial long op_generator_initial_seed(Generator self);
    }

    public static Generator manual_seed(long seed) => random.manual_seed(seed);

    public static partial class random
    {
        public static Generator manual_seed(long seed) => Generator.Default.manual_seed(seed);

        public static Tensor get_rng_state() => Generator.Default.get_state();

        public static void set_rng_state(Tensor new_state) => Generator.Default.set_state(new_state);
    }
}
