using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor normal_(double mean = 0.0, double std = 1.0, Generator? generator = null) => Changed(op_normal_(this, mean, std, generator));
        public Tensor uniform_(double from, double to, Generator? generator = null) => Changed(op_uniform_(this, from, to, generator));

        /// <summary>1 with each element's own probability, else 0.</summary>
        public Tensor bernoulli(Generator? generator = null) => op_bernoulli(this, generator);

        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) =>
            op_multinomial(this, num_samples, replacement, generator);

        [LibraryImport(Library.Name)] private static partial Flag op_normal_(Tensor self, double mean, double std, Generator? random);
        [LibraryImport(Library.Name)] private static partial Flag op_uniform_(Tensor self, double from, double to, Generator? random);
        [LibraryImport(Library.Name)] private static partial Tensor op_bernoulli(Tensor self, Generator? random);
        [LibraryImport(Library.Name)] private static partial Tensor op_multinomial(Tensor self, long samples, Flag replacement, Generator? random);
    }
}
