using System.Runtime.CompilerServices;
using LLama.Abstractions;
using LLama.Native;

namespace LLama.Common;

/// <summary>Parameters of a model and of its contexts, with LLamaSharp's defaults.</summary>
public record ModelParams : IModelParams, IContextParams
{
    /// <summary>Loads llama.cpp, as the package's does to size its tensor splits.</summary>
    /// <exception cref="TypeInitializationException">It cannot be loaded; a <see cref="Exceptions.RuntimeError"/> inside says why.</exception>
    public ModelParams(string modelPath)
    {
        RuntimeHelpers.RunClassConstructor(typeof(NativeMethods).TypeHandle);
        ModelPath = modelPath;
    }

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
