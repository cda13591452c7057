using System.Runtime.InteropServices;

namespace LLama.Native;

/// <summary>llama_model_params of b8390.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeModelParams
{
    public nint devices, tensor_buft_overrides;
    public int n_gpu_layers, split_mode, main_gpu;
    public nint tensor_split, progress_callback, progress_callback_user_data, kv_overrides;
    public byte vocab_only, use_mmap, use_direct_io, use_mlock, check_tensors, use_extra_bufts, no_host, no_alloc;
}

/// <summary>llama_context_params of b8390.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeContextParams
{
    public uint n_ctx, n_batch, n_ubatch, n_seq_max;
    public int n_threads, n_threads_batch, rope_scaling_type, pooling_type, attention_type, flash_attn_type;
    public float rope_freq_base, rope_freq_scale, yarn_ext_factor, yarn_attn_factor, yarn_beta_fast, yarn_beta_slow;
    public uint yarn_orig_ctx;
    public float defrag_thold;
    public nint cb_eval, cb_eval_user_data;
    public int type_k, type_v;
    public nint abort_callback, abort_callback_data;
    public byte embeddings, offload_kqv, no_perf, op_offload, swa_full, kv_unified;
    public nint samplers;
    public nuint n_samplers;
}

/// <summary>llama_batch of b8390.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeBatch
{
    public int n_tokens;
    public int* token;
    public float* embd;
    public int* pos;
    public int* n_seq_id;
    public int** seq_id;
    public sbyte* logits;
}

/// <summary>llama_chat_message.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeChatMessage
{
    public byte* role;
    public byte* content;
}
