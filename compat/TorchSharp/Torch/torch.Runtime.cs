using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Throws what LibTorch last reported on this thread, if anything.</summary>
    /// <exception cref="ExternalException">With LibTorch's message.</exception>
    public static void CheckForErrors()
    {
        var message = op_last_error();
        if (message != 0) throw new ExternalException(Marshal.PtrToStringUTF8(message));
    }

    /// <summary>The version of LibTorch.</summary>
    public static string __version__ => "1.13.1";

    public static int get_num_threads() => op_get_num_threads();

    public static void set_num_threads(int num) => Checked(op_set_num_threads(num));

    public static int get_num_interop_threads() => op_get_num_interop_threads();

    /// <summary>Can be called once, before the first parallel work.</summary>
    public static void set_num_interop_threads(int num) => Checked(op_set_num_interop_threads(num));

    public static IDisposable no_grad() => new AutoGradMode(false);

    public static IDisposable enable_grad(bool enabled = true) => new AutoGradMode(enabled);

    public static IDisposable set_grad_enabled(bool mode = true) => new AutoGradMode(mode);

    public static bool is_grad_enabled() => AutoGradMode.IsEnabled;

    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    public static bool is_inference_mode_enabled() => InferenceMode.IsEnabled;

    public static DisposeScope NewDisposeScope() => DisposeScopeManager.ThreadSingleton.NewDisposeScope();

    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.ThreadSingleton.CurrentDisposeScope;

    internal static void Checked(bool succeeded)
    {
        if (!succeeded) CheckForErrors();
    }

    [LibraryImport(Library.Name)] private static partial nint op_last_error();
    [LibraryImport(Library.Name)] private static partial int op_get_num_threads();
    [LibraryImport(Library.Name)] private static partial Flag op_set_num_threads(int count);
    [LibraryImport(Library.Name)] private static partial int op_get_num_interop_threads();
    [LibraryImport(Library.Name)] private static partial Flag op_set_num_interop_threads(int count);
}
