using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor add_(Tensor target) => Changed(op_add_(this, target, One));
        public Tensor add_(Tensor target, Scalar alpha) => Changed(op_add_(this, target, alpha));
        public Tensor add_(Scalar scalar) => Changed(op_add_number_(this, scalar, One));

        public Tensor sub_(Tensor target) => Changed(op_sub_(this, target));

        public Tensor mul_(Tensor target) => Changed(op_mul_(this, target));
        public Tensor mul(Scalar target) => op_mul_number(this, target);
        public Tensor mul_(Scalar target) => Changed(op_mul_number_(this, target));

        public Tensor pow(Scalar exponent) => op_pow_number(this, exponent);

        /// <summary>this + value · tensor1 · tensor2.</summary>
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) => Changed(op_addcmul_(this, tensor1, tensor2, value));

        /// <summary>this + value · tensor1 / tensor2.</summary>
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) => Changed(op_addcdiv_(this, tensor1, tensor2, value));

        private static readonly Scalar One = 1;

        [LibraryImport(Library.Name)] private static partial Tensor op_add(Tensor self, Tensor other, Scalar alpha);
        [LibraryImport(Library.Name)] private static partial Flag op_add_(Tensor self, Tensor other, Scalar alpha);
        [LibraryImport(Library.Name)] private static partial Tensor op_add_number(Tensor self, Scalar other, Scalar alpha);
        [LibraryImport(Library.Name)] private static partial Flag op_add_number_(Tensor self, Scalar other, Scalar alpha);
        [LibraryImport(Library.Name)] private static partial Tensor op_sub(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Flag op_sub_(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_sub_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_mul(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Flag op_mul_(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_mul_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Flag op_mul_number_(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_true_divide(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_true_divide_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_pow_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Flag op_addcmul_(Tensor self, Tensor first, Tensor second, Scalar value);
        [LibraryImport(Library.Name)] private static partial Flag op_addcdiv_(Tensor self, Tensor first, Tensor second, Scalar value);
    }
}
