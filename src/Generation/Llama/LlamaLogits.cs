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
        return Compute(model, ids, threads);
    }

    /// <summary>Log-probs of every token of a text but the first, in nats: each window of it is computed by itself.</summary>
    /// <param name="windows">Token ids, two or more in each, and no more than the model's context.</param>
    /// <exception cref="UserInputException">The file is missing, damaged, or not a model that can be run.</exception>
    public static IEnumerable<double> LogProbs(string modelPath, IEnumerable<int[]> windows, int threads)
    {
        using var model = LlamaModel.Load(modelPath);
        foreach (var ids in windows)
        {
            foreach (var (row, next) in Compute(model, ids[..^1], threads).Zip(ids.Skip(1)))
            {
                var most = row.Max();
                yield return row[next] - most - Math.Log(row.Sum(logit => Math.Exp(logit - most)));
            }
        }
    }

    private static float[][] Compute(LlamaModel model, int[] ids, int threads)
    {
        var size = (uint)ids.Length;
        using var context = model.Weights.CreateContext(new ModelParams(model.Path)
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
