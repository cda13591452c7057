using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor eq(Tensor target) => op_eq(this, target);
        public Tensor eq(Scalar target) => op_eq_number(this, target);
        public Tensor ne(Tensor target) => op_ne(this, target);
        public Tensor ne(Scalar target) => op_ne_number(this, target);
        public Tensor lt(Tensor target) => op_lt(this, target);
        public Tensor lt(Scalar target) => op_lt_number(this, target);
        public Tensor le(Tensor target) => op_le(this, target);
        public Tensor le(Scalar target) => op_le_number(this, target);
        public Tensor gt(Tensor target) => op_gt(this, target);
        public Tensor gt(Scalar target) => op_gt_number(this, target);
        public Tensor ge(Tensor target) => op_ge(this, target);
        public Tensor ge(Scalar target) => op_ge_number(this, target);

        public Tensor maximum(Tensor other) => op_maximum(this, other);
        public Tensor minimum(Tensor other) => op_minimum(this, other);
        public Tensor logical_and(Tensor other) => op_logical_and(this, other);
        public Tensor logical_or(Tensor other) => op_logical_or(this, other);
        public Tensor logical_xor(Tensor other) => op_logical_xor(this, other);
        public Tensor bitwise_and(Tensor other) => op_bitwise_and(this, other);
        public Tensor bitwise_or(Tensor other) => op_bitwise_or(this, other);
        public Tensor bitwise_xor(Tensor other) => op_bitwise_xor(this, other);
        public Tensor bitwise_not() => op_bitwise_not(this);
        public Tensor logaddexp(Tensor other) => op_logaddexp(this, other);

        public Tensor clamp_min(Scalar min) => op_clamp_min(this, min);
        public Tensor clamp_min_(Scalar min) => Changed(op_clamp_min_(this, min));
        public Tensor clamp_max(Scalar max) => op_clamp_max(this, max);
        public Tensor clamp_max_(Scalar max) => Changed(op_clamp_max_(this, max));

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => op_clamp(this, min, max);
        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => Changed(op_clamp_(this, min, max));
        public Tensor clamp(Tensor? min = null, Tensor? max = null) => op_clamp_tensor(this, min, max);
        public Tensor clamp_(Tensor? min = null, Tensor? max = null) => Changed(op_clamp_tensor_(this, min, max));

        /// <summary>Whether each pair of elements differs by at most atol + rtol · |target|.</summary>
        public bool allclose(Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false)
        {
            var close = op_allclose(this, target, rtol, atol, equal_nan);
            CheckForErrors();
            return close;
        }

        public Tensor isclose(Tensor other, double rtol = 1e-05, double atol = 1e-08, bool nanEqual = false) =>
            op_isclose(this, other, rtol, atol, nanEqual);

        [LibraryImport(Library.Name)] private static partial Tensor op_eq(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_eq_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_ne(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_ne_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_lt(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_lt_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_le(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_le_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_gt(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_gt_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_ge(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_ge_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_maximum(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_minimum(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_logical_and(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_logical_or(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_logical_xor(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_bitwise_and(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_bitwise_or(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_bitwise_xor(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_logaddexp(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_bitwise_not(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_clamp_min(Tensor self, Scalar min);
        [LibraryImport(Library.Name)] private static partial Flag op_clamp_min_(Tensor self, Scalar min);
        [LibraryImport(Library.Name)] private static partial Tensor op_clamp_max(Tensor self, Scalar max);
        [LibraryImport(Library.Name)] private static partial Flag op_clamp_max_(Tensor self, Scalar max);
        [LibraryImport(Library.Name)] private static partial Tensor op_clamp(Tensor self, Scalar? min, Scalar? max);
        [LibraryImport(Library.Name)] private static partial Flag op_clamp_(Tensor self, Scalar? min, Scalar? max);
        [LibraryImport(Library.Name)] private static partial Tensor op_clamp_tensor(Tensor self, Tensor? min, Tensor? max);
        [LibraryImport(Library.Name)] private static partial Flag op_clamp_tensor_(Tensor self, Tensor? min, Tensor? max);
        [LibraryImport(Library.Name)] private static partial Flag op_allclose(Tensor self, Tensor other, double rtol, double atol, Flag equalNan);
        [LibraryImport(Library.Name)] private static partial Tensor op_isclose(Tensor self, Tensor other, double rtol, double atol, Flag equalNan);
    }
}
