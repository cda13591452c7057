using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor ge(Scalar target) => op_ge_number(this, target);

        public Tensor clamp_min(Scalar min) => op_clamp_min(this, min);
        public Tensor clamp_max(Scalar max) => op_clamp_max(this, max);

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => op_clamp(this, min, max);

        [LibraryImport(Library.Name)] private static partial Tensor op_eq(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_eq_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_ne(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_ne_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_lt(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_lt_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_le(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_gt(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_gt_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_ge(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_ge_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_clamp_min(Tensor self, Scalar min);
        [LibraryImport(Library.Name)] private static partial Tensor op_clamp_max(Tensor self, Scalar max);
        [LibraryImport(Library.Name)] private static partial Tensor op_clamp(Tensor self, Scalar? min, Scalar? max);
    }
}
