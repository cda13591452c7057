using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

/// <summary>Records operations for gradients, or does not, until disposed; then as before. Per thread.</summary>
internal sealed partial class AutoGradMode : IDisposable
{
    private readonly bool _before = op_grad_enabled();

    internal AutoGradMode(bool enabled) => op_set_grad_enabled(enabled);

    public void Dispose() => op_set_grad_enabled(_before);

    [LibraryImport(Library.Name)] private static partial Flag op_grad_enabled();
    [LibraryImport(Library.Name)] private static partial void op_set_grad_enabled(Flag enabled);
}
