using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Models;

/// <summary>A tensor that a model must have.</summary>
/// <param name="Shape">Row-major: [out, in] for a map, [size] for a norm or a bias; of experts [E, out, in] and [E, size].</param>
public sealed record TensorSpec(string Name, int[] Shape)
{
    /// <summary>Whether llama.cpp needs it in float32: norms, biases, sinks, and the kernels of convolutions.</summary>
    public bool IsExact => Shape.Length == 1
        || Name.EndsWith(".bias", StringComparison.Ordinal)
        || Name.EndsWith($".{ShortConvolution.Kernel}.weight", StringComparison.Ordinal)
        || Name.EndsWith($".{GatedDeltaNet.Kernel}.weight", StringComparison.Ordinal);
}

/// <summary>A decoder's shape, all that the forward pass needs to know beside the weights.</summary>
/// <param name="Layers">Blocks.</param>
/// <param name="Dim">Width of the residual stream.</param>
/// <param name="KvHeads">Key and value heads; divides <paramref name="Heads"/>.</param>
/// <param name="HeadDim">Width of a head; see <see cref="ModelArchitecture.FreeHeadDim"/>.</param>
/// <param name="FeedForwardDim">Width of the gated (SwiGLU) feed-forward's inside; see <see cref="Experts"/> for theirs.</param>
/// <param name="RmsEps">ε of every RMS norm.</param>
/// <param name="RopeBase">θ of the rotary embedding.</param>
/// <param name="RopeDim">Elements of a head that rotate, an even number: all of them but for
/// <see cref="ModelArchitecture.PartialRotary"/>.</param>
/// <param name="ContextLength">Positions the model was made for.</param>
/// <param name="TiedEmbeddings">The output map is the embedding: there is no <c>output.weight</c>.</param>
public sealed record ModelConfig(
    ModelArchitecture Architecture,
    int Layers,
    int Dim,
    int Heads,
    int KvHeads,
    int HeadDim,
    int FeedForwardDim,
    float RmsEps,
    float RopeBase,
    int RopeDim,
    int ContextLength,
    int VocabSize,
    bool TiedEmbeddings)
{
    public const string Embedding = "token_embd.weight";
    public const string OutputNorm = "output_norm.weight";
    public const string Output = "output.weight";

    /// <summary>A block's sinks, one of each head.</summary>
    public const string Sinks = "attn_sinks";

    public const string Divisors = "rope_freqs.weight";
    public const string ShortDivisors = "rope_factors_short.weight";
    public const string LongDivisors = "rope_factors_long.weight";

    /// <summary>The maps of a block that is not fused, by their GGUF names.</summary>
    public static readonly IReadOnlyList<string> BlockMaps =
        ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];

    public MapBiases Biases { get; init; } = Architecture.Biases;

    public RopeScaling Scaling { get; init; } = RopeScaling.None;

    /// <summary>What each pair's frequency is divided by, [ropeDim / 2] (Llama 3.1); it is no weight, and never trained.</summary>
    public float[]? RopeDivisors { get; init; }

    /// <summary>
    /// What llama.cpp takes in place of <see cref="RopeDivisors"/> in contexts of more than <see cref="MostPositions"/> tokens (Phi-3). No
    /// such context is used: generator and trainer would not agree on one.
    /// </summary>
    public float[]? LongContextDivisors { get; init; }

    /// <summary>
    /// β of what queries are multiplied by, 1 + β ln(1 + ⌊position / <see cref="MostPositions"/>⌋): 1 in every context that is used; 0:
    /// always.
    /// </summary>
    public float TemperatureScale { get; init; }

    /// <summary>Positions that a context may have, 256 or more.</summary>
    public int MostPositions { get; init; } = int.MaxValue;

    /// <summary>The longest context that generator and trainer agree in. llama.cpp rounds contexts up to whole 256 tokens.</summary>
    public int LongestContext => Math.Min(ContextLength, MostPositions / 256 * 256);

    /// <summary>Whether anything rotates.</summary>
    public bool Rotates { get; init; } = true;

    /// <summary>Null where every block attends.</summary>
    public ShortConvolution? Convolution { get; init; }

    /// <summary>Null where no block has one.</summary>
    public GatedDeltaNet? DeltaNet { get; init; }

    /// <summary>
    /// Whether a sequence has a state beside keys and values of each token: it cannot be taken back to an earlier token.
    /// </summary>
    public bool HasState => Convolution is not null || DeltaNet is not null;

    /// <summary>Null where every block sees all tokens.</summary>
    public SlidingWindow? Sliding { get; init; }

    /// <summary>What scores are multiplied by; null: 1 / √headDim.</summary>
    public float? ScoreScale { get; init; }

    /// <summary>c of c · tanh(score / c); 0: scores as they are.</summary>
    public float ScoreCap { get; init; }

    /// <summary>c of c · tanh(logit / c); 0: logits as they are.</summary>
    public float LogitCap { get; init; }

    public float EmbeddingScale { get; init; } = Architecture.RootEmbedding ? MathF.Sqrt(Dim) : 1;

    /// <summary>What attention and feed-forward give is multiplied by it before it is added to the residual stream.</summary>
    public float ResidualScale { get; init; } = 1;

    /// <summary>What logits are divided by.</summary>
    public float LogitDivisor { get; init; } = 1;

    /// <summary>Null where every block has one dense feed-forward.</summary>
    public ExpertShape? Experts { get; init; }

    /// <summary>The LoRA targets: the maps of a block by their GGUF names, <c>blk.N.{name}.weight</c>.</summary>
    public IReadOnlyList<string> Maps => Experts is null
        ? Architecture.Maps
        : [.. Architecture.Maps.Where(map => BiasOf(map) != MapBiases.FeedForward), .. Experts.Maps];

    /// <summary>Null where the model does not think before it answers.</summary>
    public ThoughtMarks? Thoughts { get; init; }

    /// <summary>Whether another says the same model, in numbers that may have been written in decimals.</summary>
    internal bool IsSame(ModelConfig other)
    {
        static bool Near(float one, float two) => MathF.Abs(one - two) <= 1e-5f * MathF.Abs(one);
        static bool AllNear(float[]? one, float[]? two) =>
            one is null ? two is null : two?.Length == one.Length && one.Zip(two).All(pair => Near(pair.First, pair.Second));
        return AllNear(RopeDivisors, other.RopeDivisors)
            && AllNear(LongContextDivisors, other.LongContextDivisors)
            && Near(Scaling.AttentionFactor, other.Scaling.AttentionFactor)
            && Near(ScoreScale ?? 1 / MathF.Sqrt(HeadDim), other.ScoreScale ?? 1 / MathF.Sqrt(HeadDim))
            && this
                == other with
                {
                    RopeDivisors = RopeDivisors,
                    LongContextDivisors = LongContextDivisors,
                    ScoreScale = ScoreScale,
                    Thoughts = Thoughts,
                    Scaling = other.Scaling with { AttentionFactor = Scaling.AttentionFactor },
                };
    }

    /// <summary>A block's tensor by its short name, e.g. <c>attn_q.weight</c>.</summary>
    public static string BlockTensor(int layer, string name) => $"blk.{layer}.{name}";

    /// <summary>Reads and checks a model file: everything llama.cpp and the trainer need is there and has its shape.</summary>
    /// <exception cref="UserInputException">Names the file, the key or tensor, and the remedy.</exception>
    /// <param name="withHead">Whether the file may have the tensors of a <see cref="RewardHead"/> beside the decoder's.</param>
    public static ModelConfig Read(GgufFile file, bool withHead = false) => ModelConfigReader.Read(file, withHead);

    /// <summary>Every weight of the model, in the order they are written.</summary>
    public IEnumerable<TensorSpec> ListTensors()
    {
        yield return new(Embedding, [VocabSize, Dim]);
        for (var layer = 0; layer < Layers; layer++)
        {
            foreach (var (name, shape) in ListBlockTensors(layer)) yield return new(BlockTensor(layer, name), shape);
        }
        yield return new(Architecture.OutputNorm, [Dim]);
        if (!TiedEmbeddings) yield return new(Output, [VocabSize, Dim]);
    }

    /// <summary>What a model file has beside the weights, and no training changes.</summary>
    public IEnumerable<(TensorSpec Tensor, float[] Values)> ListConstants() =>
        RopeDivisors is null ? []
        : LongContextDivisors is null ? [(new(Divisors, [RopeDim / 2]), RopeDivisors)]
        : [(new(LongDivisors, [RopeDim / 2]), LongContextDivisors), (new(ShortDivisors, [RopeDim / 2]), RopeDivisors)];

    /// <summary>Whether a block convolves in place of attending.</summary>
    public bool Convolves(int layer) => Convolution?.Attending.Contains(layer) == false;

    /// <summary>Whether a block has a <see cref="GatedDeltaNet"/> in place of attention.</summary>
    public bool HasDeltaNet(int layer) => DeltaNet?.IsAt(layer) == true;

    /// <summary>Whether a block has attention.</summary>
    public bool Attends(int layer) => !Convolves(layer) && !HasDeltaNet(layer);

    /// <summary>How a block attends, if it does.</summary>
    public BlockAttention AttentionOf(int layer)
    {
        var still = !Rotates || (Architecture.StillEvery > 0 && (layer + 1) % Architecture.StillEvery == 0);
        return Sliding is { } sliding && sliding.Slides(layer)
            ? new(still ? 0 : sliding.RopeBase, Scaled: !still && Architecture.Sliding!.Scaled, sliding.Tokens)
            : new(still ? 0 : RopeBase, Scaled: !still, 0);
    }

    /// <summary>The maps of every block, the tensors an adapter can have updates for, in the model's order.</summary>
    public IEnumerable<TensorSpec> ListBlockMaps() => Enumerable.Range(0, Layers)
        .SelectMany(layer => MapsOf(layer).Select(map => new TensorSpec(BlockTensor(layer, $"{map}.weight"), MapShape(map))));

    /// <summary>The maps of a block by their short names.</summary>
    public IEnumerable<string> MapsOf(int layer)
    {
        if (DeltaNet is not null)
        {
            return Maps.Where(map => BiasOf(map) == MapBiases.FeedForward && !GatedDeltaNet.Maps.Contains(map)
                || GatedDeltaNet.Maps.Contains(map) == HasDeltaNet(layer));
        }
        var absent = Convolves(layer) ? "attn_" : "shortconv.";
        return Maps.Where(map => !map.StartsWith(absent, StringComparison.Ordinal));
    }

    /// <summary>Shape [out, in] of a map, one of <see cref="Maps"/>; of all experts' maps [E, out, in].</summary>
    public int[] MapShape(string map) => Experts?.ShapeOf(map, Dim) ?? map switch
    {
        _ when DeltaNet is { } net && GatedDeltaNet.Maps.Contains(map) => net.ShapeOf(map, Dim),
        "attn_qkv" => [(Heads + 2 * KvHeads) * HeadDim, Dim],
        "attn_q" => [(Architecture.GatedAttention ? 2 : 1) * Heads * HeadDim, Dim],
        "attn_k" or "attn_v" => [KvHeads * HeadDim, Dim],
        "attn_output" => [Dim, Heads * HeadDim],
        "ffn_up" when Architecture.Fused => [2 * FeedForwardDim, Dim],
        "ffn_gate" or "ffn_up" => [FeedForwardDim, Dim],
        "ffn_down" => [Dim, FeedForwardDim],
        ShortConvolution.Input => [3 * Dim, Dim],
        ShortConvolution.Output => [Dim, Dim],
        _ => throw new ArgumentException($"'{map}' is not one of {string.Join(", ", Maps)}.", nameof(map)),
    };

    /// <summary>Which of the biases a map's is.</summary>
    internal static MapBiases BiasOf(string map) => map switch
    {
        "attn_qkv" or "attn_q" or "attn_k" or "attn_v" => MapBiases.Qkv,
        "attn_output" => MapBiases.AttentionOutput,
        _ => MapBiases.FeedForward,
    };

    /// <summary>What one norm of queries or keys is over: a head, or all of them.</summary>
    public int QkNormSize(int heads) => Architecture.QkNorm == QkNorm.AllHeads ? heads * HeadDim : HeadDim;

    private IEnumerable<TensorSpec> ListBlockTensors(int layer)
    {
        string[] norms =
        [
            .. Architecture.NormsBefore ? ["attn_norm", Architecture.FeedForwardNorm] : Array.Empty<string>(),
            .. Architecture.NormsAfter ? ["post_attention_norm", "post_ffw_norm"] : Array.Empty<string>(),
        ];
        foreach (var norm in norms) yield return new($"{norm}.weight", [Dim]);
        foreach (var map in MapsOf(layer)) yield return new($"{map}.weight", MapShape(map));
        if (Experts is not null && Architecture.Experts!.Shared == SharedExpert.Gated)
            yield return new($"{ExpertShape.SharedGate}.weight", [Dim]);
        if (Convolves(layer))
        {
            yield return new($"{ShortConvolution.Kernel}.weight", [Dim, Convolution!.Taps]);
        }
        else if (HasDeltaNet(layer))
        {
            yield return new($"{GatedDeltaNet.Kernel}.weight", [DeltaNet!.Channels, DeltaNet.Taps]);
            yield return new(GatedDeltaNet.Step, [DeltaNet.ValueHeads]);
            yield return new(GatedDeltaNet.Decay, [DeltaNet.ValueHeads]);
            yield return new($"{GatedDeltaNet.Norm}.weight", [DeltaNet.HeadDim]);
        }
        else if (Architecture.QkNorm != QkNorm.None)
        {
            yield return new("attn_q_norm.weight", [QkNormSize(Heads)]);
            yield return new("attn_k_norm.weight", [QkNormSize(KvHeads)]);
        }
        foreach (var map in MapsOf(layer).Where(map => Biases.HasFlag(BiasOf(map))))
            yield return new($"{map}.bias", MapShape(map)[..^1]);
        if (Architecture.HasSinks) yield return new($"{Sinks}.weight", [Heads]);
    }
}
