using LLama.Abstractions;
using LLama.Native;

namespace LLama;

/// <summary>A context of a model.</summary>
public sealed class LLamaContext : IDisposable
{
    internal LLamaContext(LLamaWeights model, IContextParams @params)
    {
        ObjectDisposedException.ThrowIf(model.NativeHandle.IsClosed, model);
        NativeHandle = SafeLLamaContextHandle.Create(model.NativeHandle, ToNative(@params));
    }

    public SafeLLamaContextHandle NativeHandle { get; }

    /// <exception cref="ArgumentException">The batch has more tokens than <see cref="IContextParams.BatchSize"/>.</exception>
    public DecodeResult Decode(LLamaBatch batch) =>
        batch.TokenCount > NativeHandle.BatchSize
            ? throw new ArgumentException("Input contains more tokens than configured batch size", nameof(batch))
            : NativeHandle.Decode(batch);

    public void Dispose() => NativeHandle.Dispose();

    /// <summary>What the package leaves to it, it takes from llama.cpp's defaults; three fields it always sets itself.</summary>
    private static NativeContextParams ToNative(IContextParams @params)
    {
        var native = NativeMethods.llama_context_default_params();
        native.n_ctx = @params.ContextSize ?? 0;
        native.n_batch = @params.BatchSize;
        native.n_ubatch = @params.UBatchSize;
        native.n_seq_max = @params.SeqMax;
        native.embeddings = @params.Embeddings ? (byte)1 : (byte)0;
        native.pooling_type = (int)@params.PoolingType;
        native.n_threads = Threads(@params.Threads);
        native.n_threads_batch = Threads(@params.BatchThreads);
        native.type_k = (int)(@params.TypeK ?? GGMLType.GGML_TYPE_F16);
        native.type_v = (int)(@params.TypeV ?? GGMLType.GGML_TYPE_F16);
        native.flash_attn_type = @params.FlashAttention switch { true => 1, false => 0, null => -1 };
        native.kv_unified = @params.KVUnified ?? true ? (byte)1 : (byte)0;
        native.yarn_ext_factor = -1;
        native.yarn_attn_factor = 1;
        native.yarn_beta_fast = 32;
        native.yarn_beta_slow = 1;
        return native;
    }

    private static int Threads(int? count) => count is > 0 ? count.Value : Math.Max(Environment.ProcessorCount / 2, 1);
}
