using IterativeDpo.Artifacts;
using LLama.Common;
using LLama.Exceptions;
using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>llama.cpp's forward pass of some tokens as exact as it has one: keys and values in float32, plain attention.</summary>
public static class LlamaLogits
{
    /// <summary>Logits after each token, [tokens][vocabulary].</summary>
    /// <param name="ids">At least one, and no more than the model's context.</param>
    /// <exception cref="UserInputException">The file is missing, damaged, or not a model that can be run.</exception>
    public static float[][] Compute(string modelPath, int[] ids, int threads)
    {
        using var model = LlamaModel.Load(modelPath);
        var size = (uint)ids.Length;
        using var context = model.Weights.CreateContext(new ModelParams(modelPath)
        {
            ContextSize = size,
            BatchSize = size,
            UBatchSize = size,
            Threads = threads,
            BatchThreads = threads,
            TypeK = GGMLType.GGML_TYPE_F32,
            TypeV = GGMLType.GGML_TYPE_F32,
            FlashAttention = false,
        });
        var batch = new LLamaBatch();
        var places = ids.Select((id, i) => batch.Add(id, i, (LLamaSeqId)0, logits: true)).ToArray();
        var result = context.Decode(batch);
        return result == DecodeResult.Ok
            ? [.. places.Select(place => context.NativeHandle.GetLogitsIth(place).ToArray())]
            : throw new LLamaDecodeError(result);
    }
}
