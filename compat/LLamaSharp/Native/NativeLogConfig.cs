using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LLama.Native;

/// <summary>Where llama.cpp's log goes.</summary>
public static unsafe class NativeLogConfig
{
    private static LLamaLogCallback? s_callback;

    public delegate void LLamaLogCallback(LLamaLogLevel level, string message);

    /// <summary>Sets the receiver of log lines; null is llama.cpp's own (standard error). Before the library is loaded it is kept for then.</summary>
    public static void llama_log_set(LLamaLogCallback? logCallback)
    {
        s_callback = logCallback;
        if (NativeLoader.Loaded)
        {
            Attach();
        }
    }

    internal static void Attach() => NativeMethods.llama_log_set(s_callback is null ? null : &Forward, 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Forward(int level, byte* text, nint userData) =>
        s_callback?.Invoke((LLamaLogLevel)level, Marshal.PtrToStringUTF8((nint)text) ?? "");
}
