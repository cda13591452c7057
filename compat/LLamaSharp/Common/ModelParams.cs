using LLama.Abstractions;
using LLama.Native;

namespace LLama.Common;

/// <summary>Parameters of a model and of its contexts, with LLamaSharp's defaults.</summary>
public record ModelParams : IModelParams, IContextParams
{
    public ModelParams(string modelPath) => ModelPath = modelPath;

    public string ModelPath { get; set; }

    public int GpuLayerCount { get; set; } = 20;

    public bool VocabOnly { get; set; }

    public uint? ContextSize { get; set; }

    public uint BatchSize { get; set; } = 512;

    public uint UBatchSize { get; set; } = 512;

    public uint SeqMax { get; set; } = 1;

    public bool Embeddings { get; set; }

    public LLamaPoolingType PoolingType { get; set; } = LLamaPoolingType.Unspecified;

    public int? Threads { get; set; }

    public int? BatchThreads { get; set; }

    public GGMLType? TypeK { get; set; }

    public GGMLType? TypeV { get; set; }

    public bool? FlashAttention { get; set; }

    public bool? KVUnified { get; set; }
}
