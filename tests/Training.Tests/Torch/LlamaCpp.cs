using LLama;
using LLama.Common;
using LLama.Native;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>llama.cpp's own forward pass, as exact as it can be: float32 cache, plain attention.</summary>
internal static class LlamaCpp
{
    /// <summary>Logits after each token, [tokens][vocabulary].</summary>
    public static float[][] Logits(string modelPath, string? adapterPath, int[] ids)
    {
        NativeLogConfig.llama_log_set((_, _) => { });
        var parameters = new ModelParams(modelPath)
        {
            GpuLayerCount = 0,
            ContextSize = 128,
            BatchSize = 128,
            UBatchSize = 128,
            Threads = 1,
            BatchThreads = 1,
            TypeK = GGMLType.GGML_TYPE_F32,
            TypeV = GGMLType.GGML_TYPE_F32,
            FlashAttention = false,
        };
        using var weights = LLamaWeights.LoadFromFile(parameters);
        using var context = weights.CreateContext(parameters);
        if (adapterPath is not null)
        {
            context.NativeHandle.SetLoraAdapters((weights.NativeHandle.LoadLoraFromFile(adapterPath), 1f));
        }
        var batch = new LLamaBatch();
        var places = ids.Select((id, i) => batch.Add(id, i, (LLamaSeqId)0, logits: true)).ToArray();
        Assert.Equal(DecodeResult.Ok, context.Decode(batch));
        return [.. places.Select(place => context.NativeHandle.GetLogitsIth(place).ToArray())];
    }
}
