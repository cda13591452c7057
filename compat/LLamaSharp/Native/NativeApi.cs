namespace LLama.Native;

/// <summary>llama.cpp's own functions.</summary>
public static class NativeApi
{
    public static bool llama_supports_gpu_offload() => NativeMethods.llama_supports_gpu_offload() != 0;
}
