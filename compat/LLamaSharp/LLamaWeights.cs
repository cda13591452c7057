using LLama.Abstractions;
using LLama.Native;

namespace LLama;

/// <summary>A model's weights in memory.</summary>
public sealed class LLamaWeights : IDisposable
{
    private LLamaWeights(SafeLlamaModelHandle handle) => NativeHandle = handle;

    public SafeLlamaModelHandle NativeHandle { get; }

    public SafeLlamaModelHandle.Vocabulary Vocab => NativeHandle.Vocab;

    /// <exception cref="LLama.Exceptions.LoadWeightsFailedException">llama.cpp refused the file.</exception>
    public static LLamaWeights LoadFromFile(IModelParams @params)
    {
        var parameters = NativeMethods.llama_model_default_params();
        parameters.n_gpu_layers = @params.GpuLayerCount < 0 ? int.MaxValue : @params.GpuLayerCount;
        parameters.vocab_only = @params.VocabOnly ? (byte)1 : (byte)0;
        return new LLamaWeights(SafeLlamaModelHandle.Load(@params.ModelPath, parameters));
    }

    public LLamaContext CreateContext(IContextParams @params) => new(this, @params);

    public void Dispose() => NativeHandle.Dispose();
}
