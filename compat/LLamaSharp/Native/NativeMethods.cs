using System.Runtime.InteropServices;

namespace LLama.Native;

/// <summary>The functions of llama.h that the stand-in calls.</summary>
internal static unsafe class NativeMethods
{
    private const string Llama = NativeLoader.Llama;

    static NativeMethods() => NativeLoader.Load();

    [DllImport(Llama)] public static extern void llama_backend_init();
    [DllImport(Llama)] public static extern byte llama_supports_gpu_offload();
    [DllImport(Llama)] public static extern void llama_log_set(delegate* unmanaged[Cdecl]<int, byte*, nint, void> callback, nint userData);

    [DllImport(Llama)] public static extern NativeModelParams llama_model_default_params();
    [DllImport(Llama)] public static extern NativeContextParams llama_context_default_params();

    [DllImport(Llama)] public static extern nint llama_model_load_from_file([MarshalAs(UnmanagedType.LPUTF8Str)] string path, NativeModelParams parameters);
    [DllImport(Llama)] public static extern void llama_model_free(nint model);
    [DllImport(Llama)] public static extern nint llama_model_get_vocab(SafeLlamaModelHandle model);
    [DllImport(Llama)] public static extern int llama_model_n_embd(SafeLlamaModelHandle model);
    [DllImport(Llama)] public static extern nint llama_model_chat_template(SafeLlamaModelHandle model, [MarshalAs(UnmanagedType.LPUTF8Str)] string? name);

    [DllImport(Llama)] public static extern nint llama_adapter_lora_init(SafeLlamaModelHandle model, [MarshalAs(UnmanagedType.LPUTF8Str)] string path);
    [DllImport(Llama)] public static extern void llama_adapter_lora_free(nint adapter);
    [DllImport(Llama)] public static extern int llama_set_adapters_lora(SafeLLamaContextHandle context, nint* adapters, nuint count, float* scales);

    [DllImport(Llama)] public static extern nint llama_init_from_model(SafeLlamaModelHandle model, NativeContextParams parameters);
    [DllImport(Llama)] public static extern void llama_free(nint context);
    [DllImport(Llama)] public static extern uint llama_n_batch(SafeLLamaContextHandle context);
    [DllImport(Llama)] public static extern int llama_decode(SafeLLamaContextHandle context, NativeBatch batch);
    [DllImport(Llama)] public static extern float* llama_get_logits_ith(SafeLLamaContextHandle context, int i);
    [DllImport(Llama)] public static extern float* llama_get_embeddings_seq(SafeLLamaContextHandle context, int sequence);

    [DllImport(Llama)] public static extern nint llama_get_memory(SafeLLamaContextHandle context);
    [DllImport(Llama)] public static extern void llama_memory_clear(nint memory, byte data);
    [DllImport(Llama)] public static extern byte llama_memory_seq_rm(nint memory, int sequence, int from, int to);
    [DllImport(Llama)] public static extern void llama_memory_seq_cp(nint memory, int source, int destination, int from, int to);

    [DllImport(Llama)] public static extern int llama_vocab_n_tokens(nint vocab);
    [DllImport(Llama)] public static extern int llama_vocab_bos(nint vocab);
    [DllImport(Llama)] public static extern int llama_vocab_eos(nint vocab);
    [DllImport(Llama)] public static extern int llama_vocab_eot(nint vocab);
    [DllImport(Llama)] public static extern byte llama_vocab_get_add_bos(nint vocab);
    [DllImport(Llama)] public static extern byte llama_vocab_is_eog(nint vocab, int token);

    [DllImport(Llama)] public static extern int llama_tokenize(nint vocab, byte* text, int length, int* tokens, int capacity, byte addSpecial, byte parseSpecial);
    [DllImport(Llama)] public static extern int llama_token_to_piece(nint vocab, int token, byte* buffer, int length, int leftStrip, byte special);
    [DllImport(Llama)] public static extern int llama_chat_apply_template(byte* template, NativeChatMessage* messages, nuint count, byte addAssistant, byte* buffer, int length);
}
