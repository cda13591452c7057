using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor abs() => op_abs(this);
        public Tensor exp() => op_exp(this);
        public Tensor exp_() => Changed(op_exp_(this));
        public Tensor expm1() => op_expm1(this);
        public Tensor log() => op_log(this);
        public Tensor sqrt() => op_sqrt(this);
        public Tensor sqrt_() => Changed(op_sqrt_(this));
        public Tensor rsqrt_() => Changed(op_rsqrt_(this));
        public Tensor sin() => op_sin(this);
        public Tensor cos() => op_cos(this);
        public Tensor sigmoid() => op_sigmoid(this);
        public Tensor relu() => op_relu(this);
        public Tensor sign() => op_sign(this);
        public Tensor sign_() => Changed(op_sign_(this));
        public Tensor floor_() => Changed(op_floor_(this));

        public Tensor square() => pow(2);

        public Tensor fill_(Scalar value) => Changed(op_fill_(this, value));

        [LibraryImport(Library.Name)] private static partial Tensor op_abs(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_neg(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_exp(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_exp_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_expm1(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_log(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_sqrt(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_sqrt_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_rsqrt_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_sin(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_cos(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_sigmoid(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_relu(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_sign(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_sign_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_floor_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_fill_(Tensor self, Scalar value);
    }
}
