using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Throws what LibTorch last reported on this thread, if anything.</summary>
    /// <exception cref="ExternalException">With LibTorch's message.</exception>
    internal static void CheckForErrors()
    {
        var message = op_last_error();
        if (message != 0) throw new ExternalException(Marshal.PtrToStringUTF8(message));
    }

    public static int get_num_threads()
    {
        var result = op_get_num_threads();
        Checked(result != -1);
        return result;
    }

    public static void set_num_threads(int num) => Checked(op_set_num_threads(num));

    public static IDisposable no_grad() => new AutoGradMode(false);

    public static DisposeScope NewDisposeScope() => DisposeScopeManager.ThreadSingleton.NewDisposeScope();

    internal static void Checked(bool succeeded)
    {
        if (!succeeded) CheckForErrors();
    }

    [LibraryImport(Library.Name)] private static partial nint op_last_error();
    [LibraryImport(Library.Name)] private static partial int op_get_num_threads();
    [LibraryImport(Library.Name)] private static partial Flag op_set_num_threads(int count);
}
