using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor abs() => op_abs(this);
        public Tensor abs_() => Changed(op_abs_(this));
        public Tensor neg() => op_neg(this);
        public Tensor neg_() => Changed(op_neg_(this));
        public Tensor exp() => op_exp(this);
        public Tensor exp_() => Changed(op_exp_(this));
        public Tensor expm1() => op_expm1(this);
        public Tensor expm1_() => Changed(op_expm1_(this));
        public Tensor log() => op_log(this);
        public Tensor log_() => Changed(op_log_(this));
        public Tensor log1p() => op_log1p(this);
        public Tensor log1p_() => Changed(op_log1p_(this));
        public Tensor sqrt() => op_sqrt(this);
        public Tensor sqrt_() => Changed(op_sqrt_(this));
        public Tensor rsqrt() => op_rsqrt(this);
        public Tensor rsqrt_() => Changed(op_rsqrt_(this));
        public Tensor reciprocal() => op_reciprocal(this);
        public Tensor reciprocal_() => Changed(op_reciprocal_(this));
        public Tensor sin() => op_sin(this);
        public Tensor sin_() => Changed(op_sin_(this));
        public Tensor cos() => op_cos(this);
        public Tensor cos_() => Changed(op_cos_(this));
        public Tensor tanh() => op_tanh(this);
        public Tensor tanh_() => Changed(op_tanh_(this));
        public Tensor sigmoid() => op_sigmoid(this);
        public Tensor sigmoid_() => Changed(op_sigmoid_(this));
        public Tensor relu() => op_relu(this);
        public Tensor relu_() => Changed(op_relu_(this));
        public Tensor sign() => op_sign(this);
        public Tensor sign_() => Changed(op_sign_(this));
        public Tensor floor() => op_floor(this);
        public Tensor floor_() => Changed(op_floor_(this));
        public Tensor ceil() => op_ceil(this);
        public Tensor ceil_() => Changed(op_ceil_(this));
        public Tensor erf() => op_erf(this);
        public Tensor erf_() => Changed(op_erf_(this));
        public Tensor logical_not() => op_logical_not(this);
        public Tensor logical_not_() => Changed(op_logical_not_(this));

        public Tensor negative() => neg();
        public Tensor square() => pow(2);
        public Tensor silu() => op_silu(this);
        public Tensor silu_() => Changed(op_silu_(this));
        public Tensor gelu() => op_gelu(this);
        public Tensor log_sigmoid() => op_log_sigmoid(this);

        /// <summary>log(1 + exp(beta x)) / beta, or x itself where beta x is above <paramref name="threshold"/>.</summary>
        public Tensor softplus(double beta = 1, double threshold = 20) => op_softplus(this, beta, threshold);

        public Tensor round(long decimals = 0L) => op_round(this, decimals);
        public Tensor isnan() => op_isnan(this);
        public Tensor isinf() => op_isinf(this);
        public Tensor isfinite() => op_isfinite(this);
        public Tensor fill_(Scalar value) => Changed(op_fill_(this, value));

        [LibraryImport(Library.Name)] private static partial Tensor op_abs(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_abs_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_neg(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_neg_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_exp(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_exp_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_expm1(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_expm1_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_log(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_log_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_log1p(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_log1p_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_sqrt(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_sqrt_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_rsqrt(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_rsqrt_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_reciprocal(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_reciprocal_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_sin(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_sin_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_cos(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_cos_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_tanh(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_tanh_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_sigmoid(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_sigmoid_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_relu(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_relu_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_sign(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_sign_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_floor(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_floor_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_ceil(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_ceil_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_erf(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_erf_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_logical_not(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_logical_not_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_silu(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_silu_(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_gelu(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_log_sigmoid(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_softplus(Tensor self, double beta, double threshold);
        [LibraryImport(Library.Name)] private static partial Tensor op_round(Tensor self, long decimals);
        [LibraryImport(Library.Name)] private static partial Tensor op_isnan(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_isinf(Tensor self);
        [LibraryImport(Library.Name)] private static partial Tensor op_isfinite(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_fill_(Tensor self, Scalar value);
    }
}
