using LLama.Exceptions;

namespace LLama.Native;

/// <summary>A context: the KV cache and the last decode's logits. One call at a time.</summary>
public sealed unsafe class SafeLLamaContextHandle : SafeLLamaHandleBase
{
    // The package decodes one batch at a time in the whole process (CUDA's singletons); so does this.
    private static readonly object InferenceLock = new();

    private SafeLLamaContextHandle(nint handle, SafeLlamaModelHandle model) : base(handle)
    {
        var added = false;
        model.DangerousAddRef(ref added);
        ModelHandle = model;
    }

    internal uint BatchSize => NativeMethods.llama_n_batch(this);

    internal SafeLlamaModelHandle ModelHandle { get; }

    internal static SafeLLamaContextHandle Create(SafeLlamaModelHandle model, NativeContextParams parameters)
    {
        var handle = NativeMethods.llama_init_from_model(model, parameters);
        return handle == 0 ? throw new RuntimeError("Failed to create context from model") : new SafeLLamaContextHandle(handle, model);
    }

    internal DecodeResult Decode(LLamaBatch batch)
    {
        if (batch.TokenCount == 0)
        {
            return DecodeResult.Ok;
        }
        lock (InferenceLock)
        {
            return (DecodeResult)NativeMethods.llama_decode(this, batch.ToNative());
        }
    }

    /// <summary>The logits [vocabulary] of the batch's token at this index, valid until the next decode.</summary>
    public Span<float> GetLogitsIth(int i)
    {
        var logits = NativeMethods.llama_get_logits_ith(this, i);
        return logits is null ? throw new RuntimeError($"llama_get_logits_ith({i}) returned null") : new Span<float>(logits, ModelHandle.Vocab.Count);
    }

    /// <summary>The pooled embedding [dim] of a sequence of the last decode, valid until the next; the context must pool.</summary>
    public Span<float> GetEmbeddingsSeq(LLamaSeqId seq) =>
        new(NativeMethods.llama_get_embeddings_seq(this, seq.Value), ModelHandle.EmbeddingSize);

    /// <summary>Puts these adapters, and no others, on the context.</summary>
    public void SetLoraAdapters(params Span<(LoraAdapter Adapter, float Scale)> adapters)
    {
        var pointers = stackalloc nint[adapters.Length];
        var scales = stackalloc float[adapters.Length];
        for (var i = 0; i < adapters.Length; i++)
        {
            if (adapters[i].Adapter.Model != ModelHandle)
            {
                throw new ArgumentException("Cannot add LoRA adapter which was loaded for a different model");
            }
            if (!adapters[i].Adapter.Loaded)
            {
                throw new ArgumentException("Cannot add LoRA adapter which has been unloaded");
            }
            pointers[i] = adapters[i].Adapter.Pointer;
            scales[i] = adapters[i].Scale;
        }
        _ = NativeMethods.llama_set_adapters_lora(this, pointers, (nuint)adapters.Length, scales);
    }

    public void MemoryClear(bool data = true) => NativeMethods.llama_memory_clear(Memory, data ? (byte)1 : (byte)0);

    /// <summary>Removes a sequence's tokens at [p0, p1); a negative end is open.</summary>
    public void MemorySequenceRemove(LLamaSeqId seq, LLamaPos p0, LLamaPos p1) =>
        NativeMethods.llama_memory_seq_rm(Memory, seq.Value, p0.Value, p1.Value);

    /// <summary>Gives a sequence's tokens at [p0, p1) to another; between separate KV buffers only a whole sequence can be copied.</summary>
    public void MemorySequenceCopy(LLamaSeqId src, LLamaSeqId dest, LLamaPos p0, LLamaPos p1) =>
        NativeMethods.llama_memory_seq_cp(Memory, src.Value, dest.Value, p0.Value, p1.Value);

    private nint Memory => NativeMethods.llama_get_memory(this);

    protected override bool ReleaseHandle()
    {
        NativeMethods.llama_free(handle);
        ModelHandle.DangerousRelease();
        return true;
    }
}
