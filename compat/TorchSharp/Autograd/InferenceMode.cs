using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

/// <summary>LibTorch's inference mode until disposed. Per thread, so dispose it on the thread that made it.</summary>
internal sealed partial class InferenceMode(bool enabled) : IDisposable
{
    private nint _guard = op_inference_enter(enabled);

    internal static bool IsEnabled => op_inference_enabled();

    public void Dispose()
    {
        if (_guard == 0) return;
        op_inference_leave(_guard);
        _guard = 0;
    }

    [LibraryImport(Library.Name)] private static partial Flag op_inference_enabled();
    [LibraryImport(Library.Name)] private static partial nint op_inference_enter(Flag enabled);
    [LibraryImport(Library.Name)] private static partial void op_inference_leave(nint guard);
}
