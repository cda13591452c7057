namespace LLama.Abstractions;

/// <summary>How a model's weights are loaded.</summary>
public interface IModelParams
{
    string ModelPath { get; }

    /// <summary>Layers kept on the GPU; a negative number is all of them. Without a GPU it has no effect.</summary>
    int GpuLayerCount { get; }

    /// <summary>Loads the vocabulary and the metadata, and no weights.</summary>
    bool VocabOnly { get; }
}
