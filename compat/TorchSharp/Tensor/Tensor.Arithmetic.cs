using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor add(Tensor target) => op_add(this, target, One);
        public Tensor add(Tensor target, Scalar alpha) => op_add(this, target, alpha);
        public Tensor add(Scalar scalar) => op_add_number(this, scalar, One);
        public Tensor add(Scalar scalar, Scalar alpha) => op_add_number(this, scalar, alpha);
        public Tensor add_(Tensor target) => Changed(op_add_(this, target, One));
        public Tensor add_(Tensor target, Scalar alpha) => Changed(op_add_(this, target, alpha));
        public Tensor add_(Scalar scalar) => Changed(op_add_number_(this, scalar, One));
        public Tensor add_(Scalar scalar, Scalar alpha) => Changed(op_add_number_(this, scalar, alpha));

        public Tensor sub(Tensor target) => op_sub(this, target);
        public Tensor sub_(Tensor target) => Changed(op_sub_(this, target));
        public Tensor sub(Scalar target) => op_sub_number(this, target);
        public Tensor sub_(Scalar target) => Changed(op_sub_number_(this, target));

        public Tensor mul(Tensor target) => op_mul(this, target);
        public Tensor mul_(Tensor target) => Changed(op_mul_(this, target));
        public Tensor mul(Scalar target) => op_mul_number(this, target);
        public Tensor mul_(Scalar target) => Changed(op_mul_number_(this, target));

        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => op_div(this, target, (int)rounding_mode);
        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => Changed(op_div_(this, target, (int)rounding_mode));
        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => op_div_number(this, target, (int)rounding_mode);
        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => Changed(op_div_number_(this, target, (int)rounding_mode));

        public Tensor remainder(Tensor target) => op_remainder(this, target);
        public Tensor remainder_(Tensor target) => Changed(op_remainder_(this, target));
        public Tensor remainder(Scalar scalar) => op_remainder_number(this, scalar);
        public Tensor remainder_(Scalar scalar) => Changed(op_remainder_number_(this, scalar));

        public Tensor floor_divide(Tensor other) => op_floor_divide(this, other);
        public Tensor floor_divide_(Tensor other) => Changed(op_floor_divide_(this, other));
        public Tensor floor_divide(Scalar other) => op_floor_divide_number(this, other);
        public Tensor floor_divide_(Scalar other) => Changed(op_floor_divide_number_(this, other));

        public Tensor pow(Tensor exponent) => op_pow(this, exponent);
        public Tensor pow_(Tensor exponent) => Changed(op_pow_(this, exponent));
        public Tensor pow(Scalar exponent) => op_pow_number(this, exponent);
        public Tensor pow_(Scalar exponent) => Changed(op_pow_number_(this, exponent));

        /// <summary>this + value · tensor1 · tensor2.</summary>
        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) => op_addcmul(this, tensor1, tensor2, value);
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) => Changed(op_addcmul_(this, tensor1, tensor2, value));

        /// <summary>this + value · tensor1 / tensor2.</summary>
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) => op_addcdiv(this, tensor1, tensor2, value);
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2) => addcdiv(tensor1, tensor2, One);
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) => Changed(op_addcdiv_(this, tensor1, tensor2, value));
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2) => addcdiv_(tensor1, tensor2, One);

        /// <summary>this + weight · (end - this).</summary>
        public Tensor lerp(Tensor end, Tensor weight) => op_lerp(this, end, weight);
        public Tensor lerp_(Tensor end, Tensor weight) => Changed(op_lerp_(this, end, weight));

        private static readonly Scalar One = 1;

        [LibraryImport(Library.Name)] private static partial Tensor op_add(Tensor self, Tensor other, Scalar alpha);
        [LibraryImport(Library.Name)] private static partial Flag op_add_(Tensor self, Tensor other, Scalar alpha);
        [LibraryImport(Library.Name)] private static partial Tensor op_add_number(Tensor self, Scalar other, Scalar alpha);
        [LibraryImport(Library.Name)] private static partial Flag op_add_number_(Tensor self, Scalar other, Scalar alpha);
        [LibraryImport(Library.Name)] private static partial Tensor op_sub(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Flag op_sub_(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_sub_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Flag op_sub_number_(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_mul(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Flag op_mul_(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_mul_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Flag op_mul_number_(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_div(Tensor self, Tensor other, int rounding);
        [LibraryImport(Library.Name)] private static partial Flag op_div_(Tensor self, Tensor other, int rounding);
        [LibraryImport(Library.Name)] private static partial Tensor op_div_number(Tensor self, Scalar other, int rounding);
        [LibraryImport(Library.Name)] private static partial Flag op_div_number_(Tensor self, Scalar other, int rounding);
        [LibraryImport(Library.Name)] private static partial Tensor op_remainder(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Flag op_remainder_(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_remainder_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Flag op_remainder_number_(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_floor_divide(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Flag op_floor_divide_(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_floor_divide_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Flag op_floor_divide_number_(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_pow(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Flag op_pow_(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_pow_number(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Flag op_pow_number_(Tensor self, Scalar other);
        [LibraryImport(Library.Name)] private static partial Tensor op_addcmul(Tensor self, Tensor first, Tensor second, Scalar value);
        [LibraryImport(Library.Name)] private static partial Flag op_addcmul_(Tensor self, Tensor first, Tensor second, Scalar value);
        [LibraryImport(Library.Name)] private static partial Tensor op_addcdiv(Tensor self, Tensor first, Tensor second, Scalar value);
        [LibraryImport(Library.Name)] private static partial Flag op_addcdiv_(Tensor self, Tensor first, Tensor second, Scalar value);
        [LibraryImport(Library.Name)] private static partial Tensor op_lerp(Tensor self, Tensor end, Tensor weight);
        [LibraryImport(Library.Name)] private static partial Flag op_lerp_(Tensor self, Tensor end, Tensor weight);
    }
}
