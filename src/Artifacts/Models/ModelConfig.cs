using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Models;

/// <summary>A tensor that a model must have.</summary>
/// <param name="Shape">Row-major: [out, in] for a map, [size] for a norm or a bias.</param>
public sealed record TensorSpec(string Name, int[] Shape);

/// <summary>A decoder's shape, all that the forward pass needs to know beside the weights.</summary>
/// <param name="Layers">Blocks.</param>
/// <param name="Dim">Width of the residual stream.</param>
/// <param name="KvHeads">Key and value heads; divides <paramref name="Heads"/>.</param>
/// <param name="HeadDim">Width of a head; see <see cref="ModelArchitecture.FreeHeadDim"/>.</param>
/// <param name="FeedForwardDim">Width of the gated (SwiGLU) feed-forward's inside.</param>
/// <param name="RmsEps">ε of every RMS norm.</param>
/// <param name="RopeBase">θ of the rotary embedding.</param>
/// <param name="RopeDim">Elements of a head that rotate: all of them, an even number.</param>
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
    public const string Divisors = "rope_freqs.weight";

    /// <summary>The LoRA targets: the maps of a block by their GGUF names, <c>blk.N.{name}.weight</c>.</summary>
    public static readonly IReadOnlyList<string> BlockMaps =
        ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];

    public MapBiases Biases { get; init; } = Architecture.Biases;

    public RopeScaling Scaling { get; init; } = RopeScaling.None;

    /// <summary>What each pair's frequency is divided by, [ropeDim / 2] (Llama 3.1); it is no weight, and never trained.</summary>
    public float[]? RopeDivisors { get; init; }

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
            foreach (var (name, shape) in ListBlockTensors()) yield return new(BlockTensor(layer, name), shape);
        }
        yield return new(OutputNorm, [Dim]);
        if (!TiedEmbeddings) yield return new(Output, [VocabSize, Dim]);
    }

    /// <summary>What a model file has beside the weights, and no training changes.</summary>
    public IEnumerable<(TensorSpec Tensor, float[] Values)> ListConstants() =>
        RopeDivisors is null ? [] : [(new(Divisors, [RopeDim / 2]), RopeDivisors)];

    /// <summary>The maps of every block, the tensors an adapter can have updates for, in the model's order.</summary>
    public IEnumerable<TensorSpec> ListBlockMaps() => Enumerable.Range(0, Layers)
        .SelectMany(layer => BlockMaps.Select(map => new TensorSpec(BlockTensor(layer, $"{map}.weight"), MapShape(map))));

    /// <summary>Shape [out, in] of a map of every block, one of <see cref="BlockMaps"/>.</summary>
    public int[] MapShape(string map) => map switch
    {
        "attn_q" => [Heads * HeadDim, Dim],
        "attn_k" or "attn_v" => [KvHeads * HeadDim, Dim],
        "attn_output" => [Dim, Heads * HeadDim],
        "ffn_gate" or "ffn_up" => [FeedForwardDim, Dim],
        "ffn_down" => [Dim, FeedForwardDim],
        _ => throw new ArgumentException($"'{map}' is not one of {string.Join(", ", BlockMaps)}.", nameof(map)),
    };

    /// <summary>Which of the biases a map's is.</summary>
    internal static MapBiases BiasOf(string map) => map switch
    {
        "attn_q" or "attn_k" or "attn_v" => MapBiases.Qkv,
        "attn_output" => MapBiases.AttentionOutput,
        _ => MapBiases.FeedForward,
    };

    /// <summary>What one norm of queries or keys is over: a head, or all of them.</summary>
    public int QkNormSize(int heads) => Architecture.QkNorm == QkNorm.AllHeads ? heads * HeadDim : HeadDim;

    private IEnumerable<TensorSpec> ListBlockTensors()
    {
        yield return new("attn_norm.weight", [Dim]);
        yield return new("ffn_norm.weight", [Dim]);
        foreach (var map in BlockMaps) yield return new($"{map}.weight", MapShape(map));
        if (Architecture.QkNorm != QkNorm.None)
        {
            yield return new("attn_q_norm.weight", [QkNormSize(Heads)]);
            yield return new("attn_k_norm.weight", [QkNormSize(KvHeads)]);
        }
        foreach (var map in BlockMaps.Where(map => Biases.HasFlag(BiasOf(map)))) yield return new($"{map}.bias", [MapShape(map)[0]]);
    }
}
