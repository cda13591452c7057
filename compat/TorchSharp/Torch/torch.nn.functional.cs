using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public enum Reduction : long
        {
            None = 0,
            Mean = 1,
            Sum = 2,
        }

        public static partial class functional
        {
            /// <summary>input · weightsᵀ + bias: [..., in], [out, in], [out] → [..., out].</summary>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => op_linear(input, weights, bias);

            public static Tensor silu(Tensor x, bool inplace = false) => inplace ? x.silu_().alias() : x.silu();
            public static Tensor relu(Tensor x, bool inplace = false) => inplace ? x.relu_().alias() : x.relu();
            public static Tensor gelu(Tensor x) => x.gelu();
            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20) => x.softplus(beta, threshold);
            public static Tensor logsigmoid(Tensor x) => x.log_sigmoid();
            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);
            public static Tensor log_softmax(Tensor x, long dim) => x.log_softmax(dim);

            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                inplace ? op_dropout_(input, p, training) : op_dropout(input, p, training);

            public static Tensor one_hot(Tensor x, long num_classes = -1)
            {
                if (x.dtype != ScalarType.Int64) throw new ArgumentException("OneHot input tensor must have elements of type Int64");
                return op_one_hot(x, num_classes);
            }

            public static Tensor cross_entropy(
                Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean,
                double label_smoothing = 0.0) => op_cross_entropy(input, target, weight, ignore_index, (long)reduction, label_smoothing);

            /// <summary>
            /// softmax(query keyᵀ / √E + mask) value: query [..., L, E], key [..., S, E], value [..., S, Ev], mask [..., L, S], added if
            /// floating point, and keeping what is true if boolean.
            /// </summary>
            public static Tensor scaled_dot_product_attention(
                Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null, double p = 0.0, bool is_casual = false)
            {
                if (p < 0) throw new ArgumentException("Dropout probability must be greater than or equal to zero.");
                if (is_casual && attn_mask is not null) throw new ArgumentException("Casual attention masking cannot pass a mask.");
                return op_scaled_dot_product_attention(query, key, value, attn_mask, p, is_casual);
            }

            [LibraryImport(Library.Name)] private static partial Tensor op_linear(Tensor input, Tensor weight, Tensor? bias);
            [LibraryImport(Library.Name)] private static partial Tensor op_dropout(Tensor input, double p, Flag training);
            [LibraryImport(Library.Name)] private static partial Tensor op_dropout_(Tensor input, double p, Flag training);
            [LibraryImport(Library.Name)] private static partial Tensor op_one_hot(Tensor self, long classes);
            [LibraryImport(Library.Name)]
            private static partial Tensor op_cross_entropy(
                Tensor input, Tensor target, Tensor? weight, long ignoreIndex, long reduction, double smoothing);
            [LibraryImport(Library.Name)]
            private static partial Tensor op_scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? mask, double p, Flag causal);
        }
    }
}
