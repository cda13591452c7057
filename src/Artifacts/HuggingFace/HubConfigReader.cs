using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>
/// Reads a decoder's shape from a <c>config.json</c>. What llama.cpp would compute otherwise than transformers is refused by its key, or
/// kept out of reach: contexts end where a window that llama.cpp does not know would begin to hide tokens.
/// </summary>
/// <param name="config">The configuration; of a model for images too, that of its text.</param>
/// <param name="shapeOf">The shape of a tensor of the folder by its name, or null.</param>
internal sealed class HubConfigReader(HubJson config, Func<string, int[]?> shapeOf)
{
    private const float DefaultRopeBase = 10000;

    // What YaRN and Llama 3.1 are always given; llama.cpp takes no other.
    private const float FastTurns = 32, SlowTurns = 1;

    private HubFamily _family = null!;

    public ModelConfig Read()
    {
        _family = HubFamily.All.FirstOrDefault(family => family.ModelType == config.Text("model_type")) ?? throw config.Bad(
            "model_type",
            $"'{config.Text("model_type")}' is not one of those that can be converted: {string.Join(", ", HubFamily.All.Select(family => family.ModelType))}");
        config.Require(
            !config.Has("quantization_config"),
            "quantization_config",
            "the weights are quantised, in a way that is not read; give the model as it was before");
        var architecture = ModelArchitecture.Named(_family.Architecture);
        var (heads, dim, layers) = (Size("num_attention_heads"), Size("hidden_size"), Size("num_hidden_layers"));
        var headDim = config.Has("head_dim") || _family.Absent("head_dim") is not null ? Size("head_dim") : dim / heads;
        var embedding = shapeOf("model.embed_tokens.weight");
        var read = new ModelConfig(
            architecture,
            layers,
            dim,
            heads,
            config.Has("num_key_value_heads") || _family.Absent("num_key_value_heads") is not null ? Size("num_key_value_heads") : heads,
            headDim,
            architecture.Convolves ? HubConvolution.ReadWidth(config) : Size("intermediate_size"),
            Number(_family.NormEps),
            ReadRopeBase(architecture),
            RopeDim(architecture, headDim),
            Size("max_position_embeddings"),
            embedding is [var rows, _] ? rows : Size("vocab_size"),
            TiedEmbeddings: ReadTied(architecture))
        {
            Convolution = architecture.Convolves ? HubConvolution.Read(config, layers) : null,
        };
        config.Require(
            !config.Has("vocab_size") || Size("vocab_size") == read.VocabSize,
            "vocab_size",
            $"'model.embed_tokens.weight' has {read.VocabSize} rows");
        CheckActivation(architecture);
        CheckHeads(read);
        CheckStill(read);
        return CheckScores(
            ReadScaling(
                ReadFactors(read) with
                {
                    Biases = ReadBiases(architecture),
                    Sliding = ReadSliding(read),
                    Experts = _family.Experts?.Read(config, architecture.Experts!),
                    ContextLength = ReadContext(read),
                }));
    }

    private MapBiases ReadBiases(ModelArchitecture architecture)
    {
        // Mixtral has none, and transformers would leave them out.
        if (_family.Experts is not null) return architecture.Biases;
        var found = architecture
            .Maps.Where(map => shapeOf($"{HubNames.ModuleOf(architecture, 0, map)}.bias") is not null)
            .Aggregate(MapBiases.None, (all, map) => all | ModelConfig.BiasOf(map));
        return architecture.Biases | (found & architecture.OptionalBiases);
    }

    private ModelConfig ReadFactors(ModelConfig read) => read.Architecture.Name switch
    {
        "gemma2" => read with { ScoreCap = Cap("attn_logit_softcapping"), LogitCap = Cap("final_logit_softcapping") },
        "gemma3" => read with { ScoreCap = Refused("attn_logit_softcapping"), LogitCap = Cap("final_logit_softcapping") },
        "granite" or "granitemoe" => read with
        {
            EmbeddingScale = config.Number("embedding_multiplier", 1),
            ResidualScale = config.Number("residual_multiplier", 1),
            ScoreScale = config.Number("attention_multiplier", 1),
            LogitDivisor = config.Number("logits_scaling", 1),
        },
        _ => read,
    };

    private float Cap(string key) => config.Number(key, 0);

    private float Refused(string key)
    {
        config.Require(Cap(key) == 0, key, "llama.cpp has no such thing in this family");
        return 0;
    }

    /// <summary>Gemma says what scores are divided by the root of, and llama.cpp knows one number a family.</summary>
    private ModelConfig CheckScores(ModelConfig read)
    {
        if (!read.Architecture.RootEmbedding) return read;
        var isWhole = read.Layers == read.Architecture.WholeHeadLayers;
        var (said, taken) = (Number("query_pre_attn_scalar"), isWhole ? (float)read.Dim / read.Heads : read.HeadDim);
        config.Require(said == taken, "query_pre_attn_scalar", $"{said} is not the {taken} that llama.cpp takes");
        return isWhole ? read with { ScoreScale = 1 / MathF.Sqrt(taken) } : read;
    }

    private void CheckActivation(ModelArchitecture architecture)
    {
        var key = config.Has("hidden_activation") ? "hidden_activation" : "hidden_act";
        var (wanted, said) = (
            architecture.Gate == GateKind.Gelu ? "gelu_pytorch_tanh" : "silu",
            config.Text(key, architecture.Gate == GateKind.Gelu ? "gelu_pytorch_tanh" : "silu"));
        config.Require(said == wanted, key, $"'{said}' is not the '{wanted}' of this family");
    }

    /// <summary>llama.cpp does not load every shape in every family.</summary>
    private void CheckHeads(ModelConfig read)
    {
        config.Require(
            read.Architecture.FreeHeadDim || (long)read.Heads * read.HeadDim == read.Dim,
            config.Has("head_dim") ? "head_dim" : "num_attention_heads",
            $"{read.Heads} heads of {read.HeadDim} do not make up the {read.Dim} of 'hidden_size', as llama.cpp needs it in this family");
        config.Require(
            !read.Architecture.AllKeyHeads || read.KvHeads == read.Heads,
            "num_key_value_heads",
            $"{read.KvHeads} are not the {read.Heads} heads, as llama.cpp needs it in this family");
    }

    private bool ReadTied(ModelArchitecture architecture)
    {
        var key = architecture.Convolves && config.Has("tie_embedding") ? "tie_embedding" : "tie_word_embeddings";
        var tied = config.Flag(key, shapeOf("lm_head.weight") is null);
        config.Require(!tied || !architecture.OwnOutput, key, "llama.cpp needs 'lm_head.weight' in this family");
        return tied;
    }

    private float ReadRopeBase(ModelArchitecture architecture) =>
        architecture.Convolves && config.Has("theta") ? config.Number("theta")
        : RopeNumber("rope_theta") ?? (float?)_family.Absent("rope_theta") ?? DefaultRopeBase;

    private void CheckStill(ModelConfig read)
    {
        var every = read.Architecture.StillEvery;
        if (every == 0) return;
        config.Require(
            config.Integer("no_rope_layer_interval", every) == every,
            "no_rope_layer_interval",
            $"llama.cpp leaves every {every}th block without");
        if (!config.Has("no_rope_layers")) return;
        var expected = Enumerable.Range(0, read.Layers).Select(layer => read.AttentionOf(layer).RopeBase > 0 ? 1f : 0);
        config.Require(
            config.Numbers("no_rope_layers").SequenceEqual(expected),
            "no_rope_layers",
            $"llama.cpp leaves every {every}th block without");
    }

    private SlidingWindow? ReadSliding(ModelConfig read)
    {
        if (read.Architecture.Sliding is not { } rule || _family.ModelType == "olmo2") return null;
        var types = config.Has("layer_types") ? config.Texts("layer_types") : null;
        var pattern = config.Has("sliding_window_pattern") ? "sliding_window_pattern" : "_sliding_window_pattern";
        var firstFull = types is null ? -1 : Array.IndexOf(types, Full);
        var every = types is null ? config.Integer(pattern, rule.Every) : firstFull < 0 ? read.Layers + 1 : firstFull + 1;
        config.Require(every > 1, types is null ? pattern : "layer_types", "no block has a window, or the first has none");
        var sliding = new SlidingWindow(Size("sliding_window"), every, rule.OwnRopeBase ? ReadLocalRopeBase() : read.RopeBase);
        var expected = Enumerable.Range(0, read.Layers).Select(layer => sliding.Slides(layer) ? "sliding_attention" : Full);
        config.Require(
            types is null || types.SequenceEqual(expected),
            "layer_types",
            $"not all but each {every}th block have windows, as llama.cpp would take it");
        return sliding;
    }

    private const string Full = "full_attention";

    /// <summary>Where this family's GGUF has no windows, a context beyond one would be computed otherwise than in transformers.</summary>
    private int ReadContext(ModelConfig read)
    {
        var most = Size("max_position_embeddings");
        var heeds = read.Architecture.Sliding is null && config.Has("sliding_window") && config.Flag("use_sliding_window", true)
            && (!config.Has("layer_types") || config.Texts("layer_types").Any(type => type != Full));
        return heeds ? Math.Min(most, Size("sliding_window")) : most;
    }

    private float ReadLocalRopeBase() => config.Section("rope_parameters")?.Section("sliding_attention")?.Number("rope_theta")
        ?? config.Number("rope_local_base_freq", DefaultRopeBase);

    private int RopeDim(ModelArchitecture architecture, int headDim)
    {
        var share = RopeNumber("partial_rotary_factor") ?? 1;
        config.Require(
            share is > 0 and <= 1 && (share == 1 || architecture.PartialRotary),
            "partial_rotary_factor",
            $"{share}, where heads of this family rotate whole");
        return (int)(headDim * share);
    }

    /// <summary>Configurations have their rotary settings together or one by one, depending on who wrote them.</summary>
    private HubJson? Rope =>
        config.Section("rope_parameters") is { } together ? together.Section(Full) ?? together : config.Section("rope_scaling");

    private float? RopeNumber(string key) =>
        Rope is { } rope && rope.Has(key) ? rope.Number(key)
        : config.Has(key) ? config.Number(key)
        : null;

    private ModelConfig ReadScaling(ModelConfig read)
    {
        if (Rope is not { } rope) return read;
        var key = rope.Has("rope_type") ? "rope_type" : "type";
        switch (rope.Text(key, "default"))
        {
            case "default":
                return read;
            case "linear" when read.Architecture.Keys.Contains("rope.scaling.factor"):
                return read with { Scaling = new(RopeScalingKind.Linear, Factor(rope)) };
            case "yarn" when read.Architecture.Keys.Contains("rope.scaling.yarn_beta_fast"):
                return ReadYarn(read, rope);
            case "llama3" when read.Architecture.HasDivisors:
                return read with { RopeDivisors = ReadDivisors(read, rope) };
            case "longrope" or "su" when read.Architecture.PartialRotary:
                return ReadLong(read, rope);
            case var type:
                throw rope.Bad(key, $"'{type}' is not read in this family");
        }
    }

    private static float Factor(HubJson rope)
    {
        var factor = rope.Number("factor");
        rope.Require(factor >= 1, "factor", $"{factor} is under 1");
        return factor;
    }

    private int Original(HubJson rope, int absent)
    {
        const string key = "original_max_position_embeddings";
        var (holder, original) = rope.Has(key) ? (rope, rope.Integer(key)) : (config, config.Integer(key, absent));
        holder.Require(original > 0, key, $"{original} is under 1");
        return original;
    }

    private ModelConfig ReadYarn(ModelConfig read, HubJson rope)
    {
        rope.Require(rope.Number("beta_fast", FastTurns) == FastTurns, "beta_fast", $"llama.cpp takes {FastTurns}");
        rope.Require(rope.Number("beta_slow", SlowTurns) == SlowTurns, "beta_slow", $"llama.cpp takes {SlowTurns}");
        rope.Require(rope.Flag("truncate", true), "truncate", "llama.cpp rounds the range");
        var (factor, original) = (Factor(rope), Original(rope, read.ContextLength));
        var length = 1 + 0.1f * MathF.Log(factor);
        var (said, all) = (rope.Number("mscale", 0), rope.Number("mscale_all_dim", 0));
        // Theirs grow rows by the one and shrink scores by the other.
        var wanted = rope.Has("attention_factor") ? rope.Number("attention_factor")
            : said > 0 && all > 0 ? (1 + 0.1f * said * MathF.Log(factor)) / (1 + 0.1f * all * MathF.Log(factor)) : length;
        if (read.Architecture.Name != "mistral3")
            return read with { Scaling = new(RopeScalingKind.Yarn, factor, original, wanted == length ? 1 : wanted / length) };
        rope.Require(wanted == 1, rope.Has("attention_factor") ? "attention_factor" : "mscale", "llama.cpp keeps lengths in this family");
        return read with
        {
            Scaling = new(RopeScalingKind.Yarn, factor, original, KeepsLength: true),
            TemperatureScale = rope.Number("llama_4_scaling_beta", 0),
            MostPositions = rope.Number("llama_4_scaling_beta", 0) > 0 ? original : int.MaxValue,
        };
    }

    /// <summary>Llama 3.1: slow pairs are divided by the factor, fast ones stay, and those between lie between.</summary>
    private float[] ReadDivisors(ModelConfig read, HubJson rope)
    {
        var (factor, low, high, original) = (
            Factor(rope),
            rope.Number("low_freq_factor"),
            rope.Number("high_freq_factor"),
            Original(rope, read.ContextLength));
        rope.Require(high > low && low > 0, "high_freq_factor", $"{high} is not over low_freq_factor, {low}, or that is not over 0");
        return [.. Enumerable.Range(0, read.RopeDim / 2).Select(pair =>
        {
            var turns = original * Math.Pow(read.RopeBase, -2.0 * pair / read.RopeDim) / (2 * Math.PI);
            var kept = Math.Clamp((turns - low) / (high - low), 0, 1);
            return (float)(1 / ((1 - kept) / factor + kept));
        })];
    }

    /// <summary>Phi-3: divisors for contexts up to the original one, and for longer ones.</summary>
    private ModelConfig ReadLong(ModelConfig read, HubJson rope)
    {
        var original = Original(rope, read.ContextLength);
        var (shorter, longer) = (rope.Numbers("short_factor"), rope.Numbers("long_factor"));
        rope.Require(
            shorter.Length == read.RopeDim / 2 && shorter.All(value => value > 0),
            "short_factor",
            $"not {read.RopeDim / 2} numbers over 0");
        rope.Require(
            longer.Length == read.RopeDim / 2 && longer.All(value => value > 0),
            "long_factor",
            $"not {read.RopeDim / 2} numbers over 0");
        var stretch = (double)config.Integer("max_position_embeddings") / original;
        var attention = rope.Number("attention_factor", stretch <= 1 ? 1 : (float)Math.Sqrt(1 + Math.Log(stretch) / Math.Log(original)));
        return read with
        {
            RopeDivisors = shorter,
            LongContextDivisors = longer,
            MostPositions = original,
            Scaling = new(RopeScalingKind.None, AttentionFactor: attention),
        };
    }

    private int Size(string key) => config.Size(key, (int?)_family.Absent(key));

    private float Number(string key) => config.Number(key, (float?)_family.Absent(key));
}
