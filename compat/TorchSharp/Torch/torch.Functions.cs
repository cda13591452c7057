using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

/// <summary>Methods of <see cref="Tensor"/> as functions.</summary>
public static partial class torch
{
    public static Tensor sin(Tensor input) => input.sin();
    public static Tensor cos(Tensor input) => input.cos();
    public static Tensor mm(Tensor input, Tensor target) => input.mm(target);
    public static Tensor outer(Tensor input, Tensor vec2) => op_outer(input, vec2);

    [LibraryImport(Library.Name)] private static partial Tensor op_outer(Tensor input, Tensor other);
}
