using LLama.Native;

namespace LLama.Abstractions;

/// <summary>The size and arithmetic of a context.</summary>
public interface IContextParams
{
    /// <summary>Cells of the KV cache over all sequences; null takes the model's own length.</summary>
    uint? ContextSize { get; }

    /// <summary>Most tokens in one call of decode.</summary>
    uint BatchSize { get; }

    /// <summary>Most tokens in one computation; a larger batch is split.</summary>
    uint UBatchSize { get; }

    uint SeqMax { get; }

    /// <summary>Whether decoding gives embeddings in the place of logits.</summary>
    bool Embeddings { get; }

    /// <summary>How the embeddings of a sequence become one.</summary>
    LLamaPoolingType PoolingType { get; }

    /// <summary>Threads for one token; null is half the processors.</summary>
    int? Threads { get; }

    /// <summary>Threads for several tokens; null is half the processors.</summary>
    int? BatchThreads { get; }

    GGMLType? TypeK { get; }

    GGMLType? TypeV { get; }

    /// <summary>On, off, or llama.cpp's choice (null).</summary>
    bool? FlashAttention { get; }

    /// <summary>One KV buffer for all sequences (null counts as true), or one for each.</summary>
    bool? KVUnified { get; }
}
