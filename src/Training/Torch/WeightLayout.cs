using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training.Torch;

/// <summary>A tensor of the file as some rows of a fused one.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Rotated">So many of its rows, the first ones, are heads that the rotary embedding turns, see
/// <see cref="RopeRows"/>.</param>
/// <param name="Expert">The part is one matrix of a tensor that has one for each expert; null: it is the whole tensor.</param>
/// <param name="Experts">How many it has.</param>
/// <param name="Gated">Whether the file has for each head its rows and then as many of gates; here all gates are behind all heads.</param>
internal sealed record WeightPart(
    string Name, int Rows, int Rotated = 0, int? Expert = null, int Experts = 1, bool Gated = false)
{
    /// <summary>Its own name, where the tensor's is several parts'.</summary>
    public string Key => Expert is { } expert ? $"{Name}.{expert}" : Name;

    /// <summary>The part's share of a tensor's values, or of whatever there is for each of the tensor's matrices.</summary>
    public float[] Of(float[] tensor) =>
        Expert is { } expert ? tensor.AsSpan(tensor.Length / Experts * expert, tensor.Length / Experts).ToArray() : tensor;
}

/// <summary>Tensors of the file that are computed as one, stacked by rows.</summary>
/// <param name="Columns">Width of a row; null for norms and biases.</param>
/// <param name="IsExact">Whether a frozen one is kept in float32 whatever the compute type, as norms and biases are.</param>
/// <param name="IsKernel">Whether it is no map: a convolution's taps, a row for each channel.</param>
internal sealed record FusedWeight(
    string Name, int? Columns, IReadOnlyList<WeightPart> Parts, bool IsExact = false, bool IsKernel = false)
{
    /// <summary>Whether rows are multiplied by it.</summary>
    public bool IsMap => Columns is not null && !IsKernel;

    public int Rows { get; } = Parts.Sum(part => part.Rows);

    public long[] Shape => Columns is { } columns ? [Rows, columns] : [Rows];
}

/// <summary>How a model's tensors are fused: q, k and v are one product, gate and up another.</summary>
internal static class WeightLayout
{
    public const string AttentionNorm = "attn_norm";
    public const string Qkv = "attn_qkv";
    public const string QueryNorm = "attn_q_norm";
    public const string KeyNorm = "attn_k_norm";
    public const string AttentionOutput = "attn_output";
    public const string AttentionEndNorm = "post_attention_norm";
    public const string GateUp = "ffn_gate_up";
    public const string Down = "ffn_down";
    public const string FeedForwardEndNorm = "post_ffw_norm";
    public const string DeltaInput = "delta_input";

    public static string Name(int layer, string map) => ModelConfig.BlockTensor(layer, map);

    /// <summary>The bias of a fused map.</summary>
    public static string Bias(string map) => map + ".bias";

    /// <summary>Every weight of the model.</summary>
    public static IReadOnlyList<FusedWeight> Of(ModelConfig config)
    {
        var weights = new List<FusedWeight>
        {
            Single(ModelConfig.Embedding, config.VocabSize, config.Dim),
            new(ModelConfig.OutputNorm, null, [new(config.Architecture.OutputNorm, config.Dim)]),
        };
        if (!config.TiedEmbeddings)
        {
            weights.Add(Single(ModelConfig.Output, config.VocabSize, config.Dim));
        }
        for (var layer = 0; layer < config.Layers; layer++)
        {
            weights.AddRange(Block(config, layer));
        }
        return weights;
    }

    /// <summary>The maps of a block that a LoRA can be put on, fused as the weights are.</summary>
    public static IReadOnlyList<FusedWeight> BlockMaps(ModelConfig config, int layer) =>
        [.. Block(config, layer).Where(w => w.IsMap)];

    private static IEnumerable<FusedWeight> Block(ModelConfig config, int layer)
    {
        int queries = config.Heads * config.HeadDim, keys = config.KvHeads * config.HeadDim;
        var family = config.Architecture;
        FusedWeight Fuse(string name, int? columns, string kind, params WeightPart[] parts) =>
            new(Name(layer, name), columns, [.. parts.Select(part => part with { Name = $"{Name(layer, part.Name)}.{kind}" })]);
        FusedWeight[] Vector(string name, string part, int size) => [Fuse(name, null, "weight", new WeightPart(part, size))];
        FusedWeight[] Norm(bool there, string name) => there ? Vector(name, name, config.Dim) : [];
        FusedWeight HeadNorm(string name, int size) => Fuse(name, null, "weight", new WeightPart(name, size, size));
        IEnumerable<FusedWeight> Map(string name, int columns, MapBiases biases, params WeightPart[] parts) =>
            config.Biases.HasFlag(biases)
                ? [Fuse(name, columns, "weight", parts), Fuse(Bias(name), null, "bias", parts)]
                : [Fuse(name, columns, "weight", parts)];

        FusedWeight[] convolution = config.Convolves(layer)
            ?
            [
                .. Map(ShortConvolution.Input, config.Dim, MapBiases.Qkv, new WeightPart(ShortConvolution.Input, 3 * config.Dim)),
                Fuse(ShortConvolution.Kernel, config.Convolution!.Taps, "weight", new WeightPart(ShortConvolution.Kernel, config.Dim))
                    with { IsKernel = true },
                .. Map(ShortConvolution.Output, config.Dim, MapBiases.AttentionOutput, new WeightPart(ShortConvolution.Output, config.Dim)),
            ]
            : [];
        FusedWeight Whole(string name) => new(Name(layer, name), null, [new(Name(layer, name), config.DeltaNet!.ValueHeads)]);
        FusedWeight[] deltaNet = config.HasDeltaNet(layer) && config.DeltaNet is { } net
            ?
            [
                Fuse(
                    DeltaInput,
                    config.Dim,
                    "weight",
                    new(GatedDeltaNet.Input, net.Channels),
                    new(GatedDeltaNet.Gate, net.ValueDim),
                    new(GatedDeltaNet.Beta, net.ValueHeads),
                    new(GatedDeltaNet.Alpha, net.ValueHeads)),
                Fuse(GatedDeltaNet.Kernel, net.Taps, "weight", new WeightPart(GatedDeltaNet.Kernel, net.Channels)) with { IsKernel = true },
                Whole(GatedDeltaNet.Step),
                Whole(GatedDeltaNet.Decay),
                Fuse(GatedDeltaNet.Norm, null, "weight", new WeightPart(GatedDeltaNet.Norm, net.HeadDim)),
                Fuse(GatedDeltaNet.Output, net.ValueDim, "weight", new WeightPart(GatedDeltaNet.Output, config.Dim)),
            ]
            : [];
        FusedWeight[] attention =
        [
            .. Map(Qkv, config.Dim, MapBiases.Qkv, family.Fused
                ? [new("attn_qkv", queries + 2 * keys, queries + keys)]
                :
                [
                    new("attn_q", family.GatedAttention ? 2 * queries : queries, queries, Gated: family.GatedAttention),
                    new("attn_k", keys, keys),
                    new("attn_v", keys),
                ]),
            .. family.QkNorm == QkNorm.None
                ? []
                : new[] { HeadNorm(QueryNorm, config.QkNormSize(config.Heads)), HeadNorm(KeyNorm, config.QkNormSize(config.KvHeads)) },
            .. family.HasSinks ? Vector(ModelConfig.Sinks, ModelConfig.Sinks, config.Heads) : [],
            .. Map(AttentionOutput, queries, MapBiases.AttentionOutput, new WeightPart(AttentionOutput, config.Dim)),
        ];
        return
        [
            .. Norm(family.NormsBefore, AttentionNorm),
            .. config.Convolves(layer) ? convolution : config.HasDeltaNet(layer) ? deltaNet : attention,
            .. Norm(family.NormsAfter, AttentionEndNorm),
            .. Norm(family.NormsBefore, family.FeedForwardNorm),
            .. config.Experts is { } experts ? ExpertLayout.Of(experts, config, layer) :
            [
                .. Map(GateUp, config.Dim, MapBiases.FeedForward, family.Fused
                    ? [new("ffn_up", 2 * config.FeedForwardDim)]
                    : [new("ffn_gate", config.FeedForwardDim), new("ffn_up", config.FeedForwardDim)]),
                .. Map(Down, config.FeedForwardDim, MapBiases.FeedForward, new WeightPart(Down, config.Dim)),
            ],
            .. Norm(family.NormsAfter, FeedForwardEndNorm),
        ];
    }

    private static FusedWeight Single(string name, int rows, int? columns) => new(name, columns, [new(name, rows)]);
}
