using System.Text;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Tests.Models;
using LLama;
using LLama.Common;
using LLama.Native;

namespace IterativeDpo.Engines.Tests.Llama;

/// <summary>The tiny model, loaded once for a test class, with an adapter file for it.</summary>
public sealed class TinyLlama : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("llama-engine-test-").FullName;

    public TinyLlama()
    {
        NativeLogConfig.llama_log_set((_, _) => { });
        TinyModel.Write(Parameters.ModelPath, TinyModel.Config());
        WriteAdapter();
        Weights = LLamaWeights.LoadFromFile(Parameters);
    }

    public LLamaWeights Weights { get; }

    public string AdapterPath => this["adapter.gguf"];

    /// <summary>Four sequences of 256 cells, float32, one thread.</summary>
    public ModelParams Parameters => new(this["tiny.gguf"])
    {
        GpuLayerCount = 0,
        ContextSize = 1024,
        SeqMax = 4,
        BatchSize = 64,
        UBatchSize = 64,
        Threads = 1,
        BatchThreads = 1,
        KVUnified = false,
        FlashAttention = false,
        TypeK = GGMLType.GGML_TYPE_F32,
        TypeV = GGMLType.GGML_TYPE_F32,
    };

    public string this[string name] => Path.Combine(_directory, name);

    public void Dispose()
    {
        Weights.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Decodes bytes of a text in one sequence from a position on, and copies the last one's logits.</summary>
    public static float[] Decode(LLamaContext context, int sequence, int position, string text)
    {
        var batch = new LLamaBatch();
        var last = 0;
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            last = batch.Add((LLamaToken)b, position++, (LLamaSeqId)sequence, true);
        }
        Assert.Equal(DecodeResult.Ok, context.Decode(batch));
        return context.NativeHandle.GetLogitsIth(last).ToArray();
    }

    /// <summary>The logits of a state, by the tiny model's output map.</summary>
    public static float[] Head(float[] state)
    {
        var rows = TinyModel.Values(new TensorSpec(ModelConfig.Output, [ByteVocabulary.Size, state.Length])).Chunk(state.Length);
        return [.. rows.Select(row => row.Zip(state, (weight, value) => weight * value).Sum())];
    }

    public static void AssertClose(float[] expected, float[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));

    private void WriteAdapter()
    {
        var writer = new GgufWriter()
            .Set("general.type", "adapter").Set("general.architecture", "llama").Set("adapter.type", "lora").Set("adapter.lora.alpha", 4f);
        foreach (var (part, shape) in new[] { ("lora_a", new[] { 2, 32 }), ("lora_b", [32, 2]) })
        {
            var name = $"blk.0.attn_q.weight.{part}";
            writer.Add(name, shape, TensorType.F32, TinyModel.Values(new TensorSpec(name, shape)));
        }
        writer.Write(AdapterPath);
    }
}
