using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>Keeps llama.cpp's log off the terminal, and its last error at hand for messages of our own.</summary>
internal static class LlamaLog
{
    private static string s_lastError = "";

    /// <summary>What llama.cpp said last about something that went wrong on any thread, or empty.</summary>
    public static string LastError => Volatile.Read(ref s_lastError);

    /// <summary>To be called before the library is loaded, and again at no cost.</summary>
    public static void Silence() => NativeLogConfig.llama_log_set((level, message) =>
    {
        if (level == LLamaLogLevel.Error)
        {
            Volatile.Write(ref s_lastError, message.Trim());
        }
    });
}
