namespace LLama.Native;

/// <summary>Element types of a KV cache.</summary>
public enum GGMLType
{
    GGML_TYPE_F32 = 0,
    GGML_TYPE_F16 = 1,
}
