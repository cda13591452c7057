namespace IterativeDpo.Artifacts.Models;

/// <summary>Which elements of a head rotate together: (2i, 2i+1), or (i, i + ropeDim/2).</summary>
public enum RopeKind { Interleaved, HalfSplit }

/// <summary>Which maps of a block have biases.</summary>
[Flags]
public enum MapBiases { None = 0, Qkv = 1, AttentionOutput = 2, FeedForward = 4, All = 7 }

/// <summary>
/// What queries and keys are normalised over (RMS) before they rotate: not at all, each head by itself, or all heads together.
/// </summary>
public enum QkNorm { None, Head, AllHeads }

/// <summary>
/// What a feed-forward makes of gate g and up u, σ the logistic function: SiLU, g σ(g) u; GELU in its form with tanh; or gpt-oss's,
/// g' σ(1.702 g') (u' + 1) with g' = min(g, 7) and u' kept within ±7.
/// </summary>
public enum GateKind { Silu, Gelu, Clamped }

/// <summary>What sets one architecture apart from the others, as data; everything else about them is the same.</summary>
/// <param name="Name">The value of <c>general.architecture</c>, and the prefix of its keys.</param>
public sealed record ModelArchitecture(string Name, RopeKind Rope)
{
    private static readonly string[] s_linear =
    [
        "rope.scale_linear", "rope.scaling.type", "rope.scaling.factor", "rope.scaling.original_context_length", "rope.scaling.finetuned",
    ];

    private static readonly string[] s_yarn =
    [
        "rope.scaling.yarn_beta_fast", "rope.scaling.yarn_beta_slow", "rope.scaling.yarn_ext_factor", "rope.scaling.yarn_attn_factor",
    ];

    private static readonly string[] s_scaling =
        [.. s_linear, "rope.scaling.attn_factor", .. s_yarn];

    private static readonly string[] s_granite = ["embedding_scale", "residual_scale", "attention.scale", "logit_scale"];

    private static readonly string[] s_fusedMaps = ["attn_qkv", "attn_output", "ffn_up", "ffn_down"];

    private static readonly string[] s_convolvingMaps = [ShortConvolution.Input, ShortConvolution.Output, .. ModelConfig.BlockMaps];

    private static readonly string[] s_deltaNetMaps = [.. GatedDeltaNet.Maps, .. ModelConfig.BlockMaps];

    /// <summary>Every architecture this program generates with and trains.</summary>
    public static readonly IReadOnlyList<ModelArchitecture> All =
    [
        new("llama", RopeKind.Interleaved)
        {
            OptionalBiases = MapBiases.All, FreeHeadDim = true, HasDivisors = true,
            Experts = new(Normalised: true, Optional: true), // Mixtral
        },
        // Queries grow with the logarithm of their position beyond the original context, so contexts are kept to that.
        new("mistral3", RopeKind.Interleaved)
        {
            FreeHeadDim = true,
            HasDivisors = true,
            Keys = [.. s_scaling, "rope.scaling.yarn_log_multiplier", "attention.temperature_scale"],
        },
        new("qwen2", RopeKind.HalfSplit) { Biases = MapBiases.Qkv },
        new("qwen3", RopeKind.HalfSplit) { QkNorm = QkNorm.Head, FreeHeadDim = true },
        new("gemma3", RopeKind.HalfSplit)
        {
            QkNorm = QkNorm.Head,
            NormsAfter = true,
            NormsAroundZero = true,
            Gate = GateKind.Gelu,
            RootEmbedding = true,
            FreeHeadDim = true,
            WholeHeadLayers = 62,
            Sliding = new(Every: 6, OwnRopeBase: true), Keys = [.. s_linear, "final_logit_softcapping"],
        },
        new("gemma2", RopeKind.HalfSplit)
        {
            NormsAfter = true, NormsAroundZero = true, Gate = GateKind.Gelu, RootEmbedding = true, FreeHeadDim = true,
            WholeHeadLayers = 46, Sliding = new(Every: 2, Window: 4096), Keys = ["final_logit_softcapping", "attn_logit_softcapping"],
        },
        new("smollm3", RopeKind.Interleaved) { FreeHeadDim = true, StillEvery = 4 },
        new("phi3", RopeKind.HalfSplit)
        {
            Fused = true, PartialRotary = true, HasContextDivisors = true, Keys = [.. s_scaling, "attention.sliding_window"],
        },
        new("olmo2", RopeKind.HalfSplit) { QkNorm = QkNorm.AllHeads, NormsBefore = false, NormsAfter = true, Sliding = new(Every: 4) },
        new("granite", RopeKind.Interleaved)
        {
            OptionalBiases = MapBiases.All, FreeHeadDim = true, HasDivisors = true,
            Keys = [.. s_scaling, .. s_granite],
        },
        new("qwen2moe", RopeKind.HalfSplit)
        {
            Biases = MapBiases.Qkv, OwnOutput = true, Experts = new(Normalised: false, OwnWidth: true, Shared: SharedExpert.Gated),
        },
        new("qwen3moe", RopeKind.HalfSplit)
        {
            QkNorm = QkNorm.Head, FreeHeadDim = true, Experts = new(Normalised: true, OwnWidth: true),
        },
        // llama.cpp's norm of keys has the width of queries.
        new("olmoe", RopeKind.HalfSplit)
        {
            QkNorm = QkNorm.AllHeads, AllKeyHeads = true, OwnOutput = true, Experts = new(Normalised: false),
        },
        new("granitemoe", RopeKind.Interleaved)
        {
            FreeHeadDim = true, HasDivisors = true, Keys = [.. s_scaling, .. s_granite],
            Experts = new(Normalised: true, Shared: SharedExpert.Optional),
        },
        new("gpt-oss", RopeKind.HalfSplit)
        {
            Biases = MapBiases.All, FreeHeadDim = true, OwnOutput = true, HasSinks = true, FeedForwardNorm = "post_attention_norm",
            Gate = GateKind.Clamped, Sliding = new(Every: 2, Window: null, Scaled: true), Experts = new(Normalised: true, OwnWidth: true),
        },
        new("lfm2", RopeKind.HalfSplit)
        {
            QkNorm = QkNorm.Head, Convolves = true, OutputNorm = "token_embd_norm.weight", Keys = [.. s_scaling, "shortconv.l_cache"],
        },
        new("qwen35", RopeKind.HalfSplit)
        {
            QkNorm = QkNorm.Head,
            GatedAttention = true,
            HasDeltaNets = true,
            FeedForwardNorm = "post_attention_norm",
            FreeHeadDim = true,
            PartialRotary = true,
            Keys = [.. s_scaling, .. DeltaNetKeys.All],
        },
    ];

    /// <summary>The biases that every model has.</summary>
    public MapBiases Biases { get; init; }

    /// <summary>The biases that a model may have, in every block or in none.</summary>
    public MapBiases OptionalBiases { get; init; }

    public QkNorm QkNorm { get; init; }

    /// <summary>Whether attention and feed-forward read normalised rows.</summary>
    public bool NormsBefore { get; init; } = true;

    /// <summary>Whether what they give is normalised before it is added to the residual stream.</summary>
    public bool NormsAfter { get; init; }

    /// <summary>Whether Hugging Face's models have norms' weights less one.</summary>
    public bool NormsAroundZero { get; init; }

    public GateKind Gate { get; init; }

    /// <summary>
    /// Whether each head has a sink (<see cref="ModelConfig.Sinks"/>): a logit in the sum of its softmax, to which no value belongs.
    /// </summary>
    public bool HasSinks { get; init; }

    /// <summary>Whether some blocks have a <see cref="ShortConvolution"/> in place of attention.</summary>
    public bool Convolves { get; init; }

    /// <summary>Whether most blocks have a <see cref="GatedDeltaNet"/> in place of attention.</summary>
    public bool HasDeltaNets { get; init; }

    /// <summary>
    /// Whether attn_q has for each head its queries and then as many gates, whose σ what the head attends to is multiplied by.
    /// </summary>
    public bool GatedAttention { get; init; }

    /// <summary>The norm before the feed-forward.</summary>
    public string FeedForwardNorm { get; init; } = "ffn_norm";

    /// <summary>The norm before the head.</summary>
    public string OutputNorm { get; init; } = ModelConfig.OutputNorm;

    /// <summary>Whether embeddings are multiplied by √dim.</summary>
    public bool RootEmbedding { get; init; }

    /// <summary>Whether q, k and v are one tensor (<c>attn_qkv</c>), and gate and up another (<c>ffn_up</c>).</summary>
    public bool Fused { get; init; }

    /// <summary>Whether heads × headDim may differ from dim; llama.cpp loads the others only where they agree.</summary>
    public bool FreeHeadDim { get; init; }

    /// <summary>Whether there are as many key heads as heads; llama.cpp loads no others.</summary>
    public bool AllKeyHeads { get; init; }

    /// <summary>Whether the output map is never the embedding; llama.cpp loads no others.</summary>
    public bool OwnOutput { get; init; }

    /// <summary>Whether less than a head may rotate; llama.cpp loads the others only where all of it does.</summary>
    public bool PartialRotary { get; init; }

    /// <summary>Whether a file may have <see cref="ModelConfig.RopeDivisors"/> for any context.</summary>
    public bool HasDivisors { get; init; }

    /// <summary>Whether a file may have divisors for contexts that are short and others for those that are long (Phi-3).</summary>
    public bool HasContextDivisors { get; init; }

    /// <summary>Every so many blocks, the last of them rotates nothing; 0: all rotate.</summary>
    public int StillEvery { get; init; }

    /// <summary>
    /// The number of blocks of the one model of the family whose scores are divided by √(dim / heads) in place of √headDim; 0: none.
    /// </summary>
    public int WholeHeadLayers { get; init; }

    /// <summary>Null where no block has a window.</summary>
    public SlidingRule? Sliding { get; init; }

    /// <summary>Null where no model of the family has experts.</summary>
    public ExpertRule? Experts { get; init; }

    /// <summary>The keys that the reader takes beside those that every architecture has.</summary>
    public IReadOnlyList<string> Keys { get; init; } = s_scaling;

    /// <summary>The maps of blocks without experts by their GGUF names, <c>blk.N.{name}.weight</c>.</summary>
    public IReadOnlyList<string> Maps => Fused ? s_fusedMaps
        : Convolves ? s_convolvingMaps
        : HasDeltaNets ? s_deltaNetMaps
        : ModelConfig.BlockMaps;

    /// <summary>The architecture of that name.</summary>
    public static ModelArchitecture Named(string name) => All.First(a => a.Name == name);

    /// <summary>Other models' maps that one of this architecture stands for, is made of, or has in their place.</summary>
    public IReadOnlyList<string> PartsOf(string map) => map switch
    {
        "attn_qkv" => ["attn_q", "attn_k", "attn_v"],
        "ffn_up" when Fused => ["ffn_gate"],
        "ffn_gate_exps" or "ffn_gate_shexp" => ["ffn_gate"],
        "ffn_up_exps" or "ffn_up_shexp" => ["ffn_up"],
        "ffn_down_exps" or "ffn_down_shexp" => ["ffn_down"],
        ShortConvolution.Input => ["attn_q", "attn_k", "attn_v"],
        ShortConvolution.Output or GatedDeltaNet.Output => ["attn_output"],
        _ => [],
    };
}

/// <summary>Which blocks of a family have windows.</summary>
/// <param name="Every">All but each so-and-so-manieth, unless the file says otherwise.</param>
/// <param name="Window">The window where the file names none; 0: none then; null: every file names one.</param>
/// <param name="OwnRopeBase">Whether these blocks have a θ of their own.</param>
/// <param name="Scaled">Whether positions are stretched there as in the others; else not at all.</param>
public sealed record SlidingRule(int Every, int? Window = 0, bool OwnRopeBase = false, bool Scaled = false);
