using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation;

namespace IterativeDpo.Training.Tests;

/// <summary>Small models of random weights, as files where wanted.</summary>
internal static class TinyModel
{
    public static ModelConfig Config(string architecture = "llama", bool tied = false, int kvHeads = 2) => new(
        ModelArchitecture.Named(architecture), Layers: 2, Dim: 32, Heads: 4, KvHeads: kvHeads, HeadDim: 8, FeedForwardDim: 48,
        RmsEps: 1e-5f, RopeBase: 1000, RopeDim: 8, ContextLength: 128, VocabSize: ByteVocabulary.Size, TiedEmbeddings: tied);

    /// <summary>Small models of every family, each in the forms that its files have.</summary>
    public static readonly IReadOnlyDictionary<string, ModelConfig> Families = new Dictionary<string, ModelConfig>
    {
        ["llama"] = Config(),
        ["llama tied"] = Config(tied: true, kvHeads: 4),
        ["llama, one key head"] = Config(kvHeads: 1),
        ["llama 3.1"] = Config() with { RopeDivisors = [1, 1.5f, 4, 8] },
        ["llama, linear"] = Config() with { Scaling = new(RopeScalingKind.Linear, 4) },
        ["llama, yarn"] = Config() with { Scaling = new(RopeScalingKind.Yarn, 4, OriginalContext: 32) },
        ["llama, attention factor"] = Config() with { Scaling = new(RopeScalingKind.None, AttentionFactor: 1.5f) },
        ["llama, biases"] = Config() with { Biases = MapBiases.All },
        ["llama, output bias"] = Config() with { Biases = MapBiases.AttentionOutput },
        ["mistral3"] = Config("mistral3"),
        ["mistral3, yarn"] = Config("mistral3", tied: true) with
        {
            HeadDim = 16,
            RopeDim = 16,
            Scaling = new(RopeScalingKind.Yarn, 16, OriginalContext: 256, KeepsLength: true),
            TemperatureScale = 0.1f,
            MostPositions = 256,
        },
        ["qwen2"] = Config("qwen2"),
        ["qwen2 tied"] = Config("qwen2", tied: true, kvHeads: 4),
        ["qwen2, yarn"] = Config("qwen2") with { Scaling = new(RopeScalingKind.Yarn, 2, OriginalContext: 64, AttentionFactor: 1.1f) },
        ["qwen3"] = Config("qwen3"),
        ["qwen3 tied, wide heads"] = Config("qwen3", tied: true) with { HeadDim = 16, RopeDim = 16 },
        ["gemma3"] = Config("gemma3", tied: true) with { HeadDim = 16, RopeDim = 16, Sliding = new(6, Every: 2, 100), LogitCap = 20 },
        ["gemma3, linear"] = Config("gemma3", tied: true) with
        {
            Layers = 3,
            Sliding = new(9, Every: 3, 500),
            Scaling = new(RopeScalingKind.Linear, 8),
        },
        ["gemma3 without windows"] = Config("gemma3", tied: true),
        ["gemma2"] = Config("gemma2", tied: true) with { Sliding = new(6, Every: 2, 1000), ScoreCap = 3, LogitCap = 20 },
        ["smollm3"] = Config("smollm3", tied: true) with { Layers = 4 },
        ["smollm3, yarn"] = Config("smollm3") with { Layers = 5, Scaling = new(RopeScalingKind.Yarn, 2, OriginalContext: 64) },
        ["phi3"] = Config("phi3"),
        ["phi3, long"] = Config("phi3", tied: true) with
        {
            RopeDim = 4,
            RopeDivisors = [1.1f, 3],
            LongContextDivisors = [2, 30],
            MostPositions = 256,
            Scaling = new(RopeScalingKind.None, AttentionFactor: 1.2f),
        },
        ["olmo2"] = Config("olmo2"),
        ["olmo2, windows"] = Config("olmo2") with
        {
            Layers = 3,
            Sliding = new(6, Every: 3, 1000),
            Scaling = new(RopeScalingKind.Yarn, 4, OriginalContext: 32, AttentionFactor: 1.1f),
        },
        ["granite"] = Config("granite", tied: true) with { EmbeddingScale = 3, ResidualScale = 0.4f, LogitDivisor = 2, ScoreScale = 0.2f },
        ["granite, biases, nothing turned"] = Config("granite") with
        {
            Biases = MapBiases.All,
            EmbeddingScale = 2,
            LogitDivisor = 4,
            Rotates = false,
        },
        ["llama, experts"] = Config() with { Experts = new(4, 2, 48) },
        ["llama, experts, biases"] = Config(tied: true) with { Experts = new(5, 3, 48), Biases = MapBiases.Qkv | MapBiases.AttentionOutput },
        ["qwen3moe"] = Config("qwen3moe") with { HeadDim = 16, RopeDim = 16, Experts = new(8, 2, 16) },
        ["qwen3moe, one expert of one"] = Config("qwen3moe") with { Experts = new(1, 1, 32) },
        ["qwen2moe"] = Config("qwen2moe") with { Experts = new(6, 3, 16, SharedDim: 32) },
        ["olmoe"] = Config("olmoe", kvHeads: 4) with { Experts = new(8, 3, 48) },
        ["granitemoe"] = Config("granitemoe", tied: true) with
        {
            Experts = new(4, 2, 48),
            EmbeddingScale = 3,
            ResidualScale = 0.4f,
            LogitDivisor = 2,
            ScoreScale = 0.2f,
        },
        ["granitemoe, shared"] = Config("granitemoe", tied: true) with { Experts = new(4, 2, 48, SharedDim: 16), LogitDivisor = 2 },
        ["gpt-oss"] = Config("gpt-oss") with { Sliding = new(6, Every: 2, 1000), Experts = new(4, 2, 16) },
        ["gpt-oss, yarn, wide heads"] = Config("gpt-oss", kvHeads: 1) with
        {
            Layers = 3,
            HeadDim = 16,
            RopeDim = 16,
            Sliding = new(9, Every: 3, 1000),
            Scaling = new(RopeScalingKind.Yarn, 4, OriginalContext: 32),
            Experts = new(6, 3, 32),
        },
        ["lfm2"] = Config("lfm2", tied: true) with { Layers = 4, Convolution = new(3, Attending: [2]) },
        ["lfm2, convolution last"] = Config("lfm2", kvHeads: 4) with { Layers = 3, Convolution = new(4, Attending: [1]) },
        ["lfm2, two taps, linear"] = Config("lfm2", tied: true) with
        {
            Convolution = new(2, Attending: [1]),
            Scaling = new(RopeScalingKind.Linear, 4),
        },
        ["qwen35"] = Config("qwen35", tied: true) with { RopeDim = 4, DeltaNet = new(4, 8, KeyHeads: 2, ValueHeads: 4, Every: 2) },
        ["qwen35, state last"] = Config("qwen35", kvHeads: 4) with
        {
            Layers = 3,
            HeadDim = 16,
            RopeDim = 16,
            DeltaNet = new(2, 8, KeyHeads: 4, ValueHeads: 4, Every: 2),
        },
        ["qwen35, yarn"] = Config("qwen35") with
        {
            DeltaNet = new(3, 8, KeyHeads: 2, ValueHeads: 2, Every: 2),
            Scaling = new(RopeScalingKind.Yarn, 4, OriginalContext: 32, AttentionFactor: 1.1f),
        },
    };

    /// <summary>Their names, for theories.</summary>
    public static TheoryData<string> FamilyNames => [.. Families.Keys];

    /// <summary>Their names, each with our own loops and with LibTorch's operations.</summary>
    public static TheoryData<string, bool> FamiliesBothWays
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var family in Families.Keys)
            {
                data.Add(family, true);
                data.Add(family, false);
            }
            return data;
        }
    }

    public static Func<string, float[]> Weights(ModelConfig config, ulong seed = 1)
    {
        var shapes = config.ListTensors().ToDictionary(t => t.Name, t => t.Shape);
        return name => Values(name, shapes[name], seed);
    }

    public static void Write(string path, ModelConfig config, ulong seed = 1)
    {
        var weights = Weights(config, seed);
        ModelWriter.Write(path, "tiny", config, name => weights(name), TensorType.F32);
    }

    /// <summary>Ids that look nothing like each other.</summary>
    public static int[] Ids(int count, ulong seed)
    {
        var ids = new int[count];
        for (var i = 0; i < count; i++)
        {
            seed = SampleSeed.Mix(seed);
            ids[i] = (int)(seed % 250);
        }
        return ids;
    }

    /// <summary>Pairs of several lengths; every second prompt has two.</summary>
    public static PreferencePair[] Pairs(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var prompt = i / 3 * 2 + i % 3 / 2;
        return new PreferencePair(
            $"p{prompt}",
            Ids(3 + prompt % 4, (ulong)prompt),
            Ids(2 + i % 5, 100 + (ulong)i),
            Ids(1 + i % 3, 200 + (ulong)i));
    })];

    private static float[] Values(string name, int[] shape, ulong seed)
    {
        foreach (var c in name)
        {
            seed = SampleSeed.Mix(seed ^ c);
        }
        var values = new float[shape.Aggregate(1, (product, size) => product * size)];
        var scale = name.Contains(ModelConfig.Sinks, StringComparison.Ordinal) ? 2
            : shape.Length == 1 || name.EndsWith(".bias", StringComparison.Ordinal) ? 0.3
            : 1.7 / Math.Sqrt(shape[^1]);
        for (var i = 0; i < values.Length; i++)
        {
            seed = SampleSeed.Mix(seed);
            var uniform = (seed >> 40) / (double)(1 << 24) * 2 - 1;
            values[i] = (float)(uniform * scale + (name.Contains("norm", StringComparison.Ordinal) ? 1 : 0));
            // States of a delta rule fade.
            values[i] = name.EndsWith(GatedDeltaNet.Decay, StringComparison.Ordinal) ? -MathF.Abs(values[i]) : values[i];
        }
        return values;
    }
}
