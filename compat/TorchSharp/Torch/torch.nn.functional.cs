using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>input · weightsᵀ + bias: [..., in], [out, in], [out] → [..., out].</summary>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => op_linear(input, weights, bias);

            public static Tensor silu(Tensor x, bool inplace = false) => inplace ? op_silu_(x) : op_silu(x);
            public static Tensor logsigmoid(Tensor x) => op_log_sigmoid(x);

            [LibraryImport(Library.Name)] private static partial Tensor op_silu(Tensor self);
            [LibraryImport(Library.Name)] private static partial Tensor op_silu_(Tensor self);
            [LibraryImport(Library.Name)] private static partial Tensor op_log_sigmoid(Tensor self);
            [LibraryImport(Library.Name)] private static partial Tensor op_linear(Tensor input, Tensor weight, Tensor? bias);
        }
    }
}
