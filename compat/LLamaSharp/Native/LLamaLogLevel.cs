namespace LLama.Native;

/// <summary>The severity of a line of llama.cpp's log.</summary>
public enum LLamaLogLevel
{
    None = 0,
    Debug = 1,
    Info = 2,
    Warning = 3,
    Error = 4,
    Continue = 5,
}
