using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Models;

/// <summary>
/// Reads a model's shape from its metadata and checks every tensor against it. llama.cpp ends the process on some of the faults found
/// here, and would compute something else than the trainer on others, so both see a file only after this.
/// </summary>
internal sealed class ModelConfigReader
{
    // Keeps products of two sizes, and the shapes made of them, within 32 bits.
    private const uint MaxSize = 1 << 20;

    /// <summary>
    /// The keys of every architecture that are read here, or that change nothing. Any but these and <see cref="ModelArchitecture.Keys"/> is
    /// refused: llama.cpp may heed it, and generator and trainer would compute two models.
    /// </summary>
    private static readonly HashSet<string> s_known =
    [
        "block_count", "context_length", "embedding_length", "feed_forward_length", "vocab_size", "tensor_data_layout",
        "attention.head_count", "attention.head_count_kv", "attention.key_length", "attention.value_length", "attention.causal",
        "attention.layer_norm_rms_epsilon", "rope.dimension_count", "rope.freq_base",
        .. ExpertKeys.Common,
    ];

    private readonly GgufFile _file;
    private readonly ModelArchitecture _architecture;

    private ModelConfigReader(GgufFile file)
    {
        _file = file;
        if (file.Metadata.GetString("general.type", "model") is var kind and not "model")
            throw new UserInputException($"{file.Path}: this is a GGUF of type '{kind}', not a model. Give the base model's file here.");
        var name = file.Metadata.GetString("general.architecture");
        _architecture = ModelArchitecture.All.FirstOrDefault(a => a.Name == name) ?? throw new UserInputException(
            $"{file.Path}: the architecture '{name}' is not supported. Use a model of one of these: "
            + $"{string.Join(", ", ModelArchitecture.All.Select(a => a.Name))}.");
    }

    public static ModelConfig Read(GgufFile file, bool withHead)
    {
        var reader = new ModelConfigReader(file);
        var config = reader.ReadConfig();
        reader.CheckTensors(config, withHead ? RewardHead.Tensors : []);
        return config with { Thoughts = ThoughtMarks.Of(file.Metadata.GetArray<string>("tokenizer.ggml.tokens")) };
    }

    private ModelConfig ReadConfig()
    {
        RefuseVariants();
        var heads = Size("attention.head_count");
        var dim = Size("embedding_length");
        var headDim = Size("attention.key_length", dim / heads);
        var (kvHeads, convolution) = ReadKeyHeads(heads);
        var config = new ModelConfig(
            _architecture,
            Size("block_count"),
            dim,
            heads,
            kvHeads,
            headDim,
            Size("feed_forward_length"),
            _file.Metadata.GetSingle(Key("attention.layer_norm_rms_epsilon")),
            _file.Metadata.GetSingle(Key("rope.freq_base"), 10000),
            Size("rope.dimension_count", headDim),
            Size("context_length", max: int.MaxValue),
            ReadVocabSize(),
            TiedEmbeddings: !_architecture.OwnOutput && !_file.Tensors.ContainsKey(ModelConfig.Output));
        Check(config);
        return ReadVariants(config with
        {
            Biases = _architecture.Biases | FindBiases(),
            Scaling = ReadScaling(config.ContextLength),
            Convolution = convolution,
        });
    }

    private void Check(ModelConfig config)
    {
        Require(
            config.Heads % config.KvHeads == 0,
            "attention.head_count_kv",
            $"{config.KvHeads} does not divide the {config.Heads} heads");
        Require(
            !_architecture.AllKeyHeads || config.KvHeads == config.Heads,
            "attention.head_count_kv",
            $"{config.KvHeads} are not the {config.Heads} heads, as llama.cpp needs it here");
        Require(
            Size("attention.value_length", config.HeadDim) == config.HeadDim,
            "attention.value_length",
            "keys and values differ in width");
        Require((long)config.Heads * config.HeadDim <= MaxSize, "attention.key_length", "heads × key_length is out of range");
        Require(_architecture.FreeHeadDim || config.Heads * config.HeadDim == config.Dim, "attention.key_length",
            $"{config.Heads} heads of {config.HeadDim} do not make up the {config.Dim} of the embedding, as llama.cpp needs it here");
        Require(
            config.RopeDim % 2 == 0
                && (config.RopeDim == config.HeadDim || (_architecture.PartialRotary && config.RopeDim < config.HeadDim)),
            "rope.dimension_count", $"{config.RopeDim} is odd or not the head's {config.HeadDim}: heads rotate whole");
        Require(config.HeadDim % 2 == 0, "attention.key_length", $"{config.HeadDim} is odd, and heads rotate by pairs");
        Require(
            float.IsFinite(config.RmsEps) && config.RmsEps >= 0,
            "attention.layer_norm_rms_epsilon",
            $"{config.RmsEps} is out of range");
        Require(float.IsFinite(config.RopeBase) && config.RopeBase > 0, "rope.freq_base", $"{config.RopeBase} is out of range");
        // Before anything is listed per layer: a damaged count must not fill the memory.
        Require(config.Layers <= _file.Tensors.Count, "block_count", $"{config.Layers} blocks, but {_file.Tensors.Count} tensors");
    }

    /// <summary>What some families have beside the common shape.</summary>
    private ModelConfig ReadVariants(ModelConfig config)
    {
        config = ReadDivisors(config) with
        {
            Sliding = ReadSliding(config),
            DeltaNet = ReadDeltaNet(config),
            Experts = ReadExperts(config),
            ScoreScale =
                config.Layers == _architecture.WholeHeadLayers
                    ? 1 / MathF.Sqrt((float)config.Dim / config.Heads)
                    : Factor("attention.scale"),
            ScoreCap = Factor("attn_logit_softcapping") ?? 0,
            LogitCap = Factor("final_logit_softcapping") ?? 0,
            ResidualScale = Factor("residual_scale") ?? 1,
            // llama.cpp does not load a model whose family has this key and which has not.
            LogitDivisor = Takes("logit_scale") ? Factor("logit_scale", _file.Metadata.GetSingle(Key("logit_scale"))) ?? 1 : 1,
            TemperatureScale = Factor("attention.temperature_scale") ?? 0,
            Rotates = !Takes("embedding_scale") || _file.Metadata.GetBool(Key("rope.scaling.finetuned"), true),
        };
        if (config.TemperatureScale > 0) config = config with { MostPositions = OriginalContext(config.ContextLength) };
        Require(
            config.MostPositions >= 256,
            "rope.scaling.original_context_length",
            $"{config.MostPositions} is under 256, the shortest context");
        return Takes("embedding_scale") ? config with { EmbeddingScale = Factor("embedding_scale") ?? 1 } : config;
    }

    private bool Takes(string key) => _architecture.Keys.Contains(key);

    /// <summary>A number over 0; null where the key is missing or 0, which llama.cpp takes for missing.</summary>
    private float? Factor(string key, float absent = 0)
    {
        var value = Takes(key) ? _file.Metadata.GetSingle(Key(key), absent) : 0;
        Require(float.IsFinite(value) && value >= 0, key, $"{value} is out of range");
        return value == 0 ? null : value;
    }

    /// <summary>The number of key heads, which is listed by block where some convolve: those have none.</summary>
    private (int KvHeads, ShortConvolution? Convolution) ReadKeyHeads(int heads)
    {
        const string key = "attention.head_count_kv", taps = "shortconv.l_cache";
        if (!_architecture.Convolves) return (Size(key, heads), null);
        Require(Size(taps) > 1, taps, "a convolution of one token is none");
        // To the runtime a list of int32 is one of uint32 too; llama.cpp takes both.
        if (!_file.Metadata.TryGet(Key(key), out var value) || value.Value is not uint[] counts)
            throw Bad(key, "it is no list of a number for each block, 0 where it convolves");
        var layers = Size("block_count");
        Require(counts.Length == layers, key, $"it lists {counts.Length} blocks, and there are {layers}");
        var kinds = counts.Where(count => count != 0).Distinct().ToArray();
        Require(kinds.Length > 0, key, "no block attends");
        Require(kinds is [<= MaxSize], key, $"it has {string.Join(" and ", kinds)}, where all that attend have one number of key heads");
        return ((int)kinds[0], new(Size(taps), [.. counts.Index().Where(block => block.Item != 0).Select(block => block.Index)]));
    }

    private GatedDeltaNet? ReadDeltaNet(ModelConfig config)
    {
        if (!_architecture.HasDeltaNets) return null;
        Require(
            _file.Metadata.GetUInt32(Key(DeltaNetKeys.Further), 0) == 0, DeltaNetKeys.Further,
            "blocks that guess further tokens are not supported; export the model without them");
        var net = new GatedDeltaNet(
            Size(DeltaNetKeys.Taps), Size(DeltaNetKeys.HeadDim), Size(DeltaNetKeys.KeyHeads), Size(DeltaNetKeys.ValueHeads),
            Size(DeltaNetKeys.Every, 4));
        Require(net.Taps > 1, DeltaNetKeys.Taps, "a convolution of one token is none");
        Require(net.Every <= config.Layers, DeltaNetKeys.Every, $"none of the {config.Layers} blocks attends");
        Require(
            net.ValueHeads % net.KeyHeads == 0, DeltaNetKeys.KeyHeads, $"{net.KeyHeads} does not divide the {net.ValueHeads} of values");
        Require((long)net.ValueHeads * net.HeadDim <= MaxSize, DeltaNetKeys.HeadDim, "heads × state_size is out of range");
        Require(
            Size(DeltaNetKeys.ValueDim) == net.ValueDim, DeltaNetKeys.ValueDim,
            $"it is not {net.ValueDim}, the values' {net.ValueHeads} heads of {net.HeadDim}");
        var sections = _file.Metadata.TryGet(Key(DeltaNetKeys.Sections), out var value) && value.Value is uint[] said
            ? Array.ConvertAll(said, section => section > MaxSize ? -1 : (int)section)
            : [];
        Require(
            sections.Length == 4 && DeltaNetKeys.CoverText(sections, config.RopeDim / 2), DeltaNetKeys.Sections,
            $"it has to list four numbers, by which all {config.RopeDim / 2} pairs of a head turn in a text");
        return net;
    }

    private SlidingWindow? ReadSliding(ModelConfig config)
    {
        if (_architecture.Sliding is not { } rule) return null;
        var window = Size(SlidingKeys.Window, rule.Window);
        if (window == 0) return null;
        var isList = _file.Metadata.TryGet(Key(SlidingKeys.Pattern), out var pattern) && pattern.Type == GgufValueType.Array;
        var ropeBase = rule.OwnRopeBase ? _file.Metadata.GetSingle(Key(SlidingKeys.RopeBase), 10000) : config.RopeBase;
        Require(float.IsFinite(ropeBase) && ropeBase > 0, SlidingKeys.RopeBase, $"{ropeBase} is out of range");
        var sliding = new SlidingWindow(window, isList ? rule.Every : Size(SlidingKeys.Pattern, rule.Every), ropeBase);
        Require(
            !isList
                || _file
                    .Metadata.GetArray<bool>(Key(SlidingKeys.Pattern))
                    .SequenceEqual(Enumerable.Range(0, config.Layers).Select(sliding.Slides)),
            SlidingKeys.Pattern, $"llama.cpp reads no list here, and lets all but one of {rule.Every} blocks slide");
        return sliding;
    }

    private ExpertShape? ReadExperts(ModelConfig config)
    {
        uint Said(string key) => _file.Metadata.GetUInt32(Key(key), 0);
        if (_architecture.Experts is not { } rule || (rule.Optional && Said(ExpertKeys.Count) == 0))
        {
            // llama.cpp ends the process where one of these comes without experts.
            foreach (var key in ExpertKeys.Common.Where(key => Said(key) != 0))
                Require(false, key, _architecture.Experts is null ? "models of this architecture have no experts" : "there are no experts");
            return null;
        }
        var count = Size(ExpertKeys.Count, max: ExpertRule.Most);
        var used = Size(ExpertKeys.Used, max: (uint)count);
        Require(Said(ExpertKeys.Groups) <= 1, ExpertKeys.Groups, "experts that are chosen by groups are not supported");
        var width = rule.OwnWidth ? Size(ExpertKeys.Width, Math.Max(1, config.FeedForwardDim / used)) : config.FeedForwardDim;
        return new(count, used, width, rule.Shared switch
        {
            SharedExpert.Gated => Size(ExpertKeys.SharedWidth, config.FeedForwardDim),
            SharedExpert.Optional when Said(ExpertKeys.SharedWidth) > 0 => Size(ExpertKeys.SharedWidth),
            _ => 0,
        });
    }

    /// <summary>Without a type llama.cpp scales linearly, by either key; with the type "none" it heeds neither.</summary>
    private RopeScaling ReadScaling(int contextLength)
    {
        var kind = _file.Metadata.GetString(Key("rope.scaling.type"), "linear") switch
        {
            "none" => RopeScalingKind.None,
            "linear" => RopeScalingKind.Linear,
            "yarn" => RopeScalingKind.Yarn,
            // Divisors of its own are read elsewhere; the factor is heeded as in any other.
            "longrope" when _architecture.HasContextDivisors => RopeScalingKind.Linear,
            var other => throw Bad(
                "rope.scaling.type",
                $"RoPE scaling '{other}' is not supported; use the model without a stretched context"),
        };
        var factorKey = _file.Metadata.Contains(Key("rope.scaling.factor")) ? "rope.scaling.factor" : "rope.scale_linear";
        var said = kind == RopeScalingKind.None ? 0 : _file.Metadata.GetSingle(Key(factorKey), 0);
        Require(float.IsFinite(said) && said >= 0, factorKey, $"{said} is out of range");
        var factor = said == 0 ? 1 : said;
        var attention = _file.Metadata.GetSingle(Key("rope.scaling.attn_factor"), 1);
        Require(float.IsFinite(attention) && attention > 0, "rope.scaling.attn_factor", $"{attention} is out of range");
        Require(kind != RopeScalingKind.Yarn || Takes("rope.scaling.yarn_beta_fast"), "rope.scaling.type",
            "RoPE scaling 'yarn' is not supported here; use the model without a stretched context");
        if (kind != RopeScalingKind.Yarn) return new(factor == 1 ? RopeScalingKind.None : kind, factor, 0, attention);
        CheckYarn(factor);
        return new(kind, factor, OriginalContext(contextLength), attention, ReadKeepsLength());
    }

    /// <summary>llama.cpp does not read these keys, and takes the paper's values.</summary>
    private void CheckYarn(float factor)
    {
        foreach (var (key, taken) in new[]
            {
                ("beta_fast", 32f),
                ("beta_slow", 1f),
                ("ext_factor", 1f),
                ("attn_factor", 1 + 0.1f * MathF.Log(factor)),
            })
        {
            var name = $"rope.scaling.yarn_{key}";
            Require(
                MathF.Abs(_file.Metadata.GetSingle(Key(name), taken) - taken) < 1e-3f,
                name,
                $"llama.cpp takes {taken} whatever it says");
        }
    }

    private bool ReadKeepsLength()
    {
        var multiplier = Factor("rope.scaling.yarn_log_multiplier") ?? 0;
        Require(multiplier is 0 or 1, "rope.scaling.yarn_log_multiplier", $"{multiplier} is neither 0 nor 1");
        return multiplier == 1;
    }

    private MapBiases FindBiases()
    {
        var found = MapBiases.None;
        foreach (var map in ModelConfig.BlockMaps.Where(map => _file.Tensors.ContainsKey(ModelConfig.BlockTensor(0, $"{map}.bias"))))
        {
            found |= ModelConfig.BiasOf(map);
        }
        return found & _architecture.OptionalBiases;
    }

    private ModelConfig ReadDivisors(ModelConfig config)
    {
        if (_architecture.HasDivisors) return config with { RopeDivisors = FindDivisors(ModelConfig.Divisors, config) };
        if (!_architecture.HasContextDivisors) return config;
        var (shorter, longer) = (FindDivisors(ModelConfig.ShortDivisors, config), FindDivisors(ModelConfig.LongDivisors, config));
        if (shorter is null && longer is null) return config;
        if (shorter is null) throw BadTensor(ModelConfig.ShortDivisors, "is missing", "Export the model again.");
        if (longer is null) throw BadTensor(ModelConfig.LongDivisors, "is missing", "Export the model again.");
        return config with { RopeDivisors = shorter, LongContextDivisors = longer, MostPositions = OriginalContext(config.ContextLength) };
    }

    private float[]? FindDivisors(string name, ModelConfig config)
    {
        if (!_file.Tensors.TryGetValue(name, out var tensor)) return null;
        var values = _file.ReadFloat32(tensor);
        return values.Length == config.RopeDim / 2 && values.All(value => float.IsFinite(value) && value > 0) ? values : throw BadTensor(
            name, $"is not {config.RopeDim / 2} numbers over 0, which divide the frequencies of its positions", "Export the model again.");
    }

    private int OriginalContext(int contextLength)
    {
        var original = _file.Metadata.GetUInt32(Key("rope.scaling.original_context_length"), 0);
        Require(original <= int.MaxValue, "rope.scaling.original_context_length", $"{original} is out of range");
        return original == 0 ? contextLength : (int)original;
    }

    private void RefuseVariants()
    {
        Require(
            _file.Metadata.GetBool(Key("attention.causal"), true),
            "attention.causal",
            "a model that sees later tokens is no language model");
        RefuseUnknownKeys();
    }

    private void RefuseUnknownKeys()
    {
        var prefix = Key("");
        var keys = _file
            .Metadata.Select(item => item.Key)
            .Where(key => key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(key => key[prefix.Length..]);
        HashSet<string> known =
        [
            .. s_known,
            .. _architecture.Keys,
            .. _architecture.Sliding is { } sliding ? SlidingKeys.Of(sliding) : [],
            .. _architecture.Experts is { } experts ? ExpertKeys.Of(experts) : [],
        ];
        if (keys.FirstOrDefault(key => !known.Contains(key)) is { } unknown)
            Require(false, unknown, "this program does not know it, and the model may compute something else with it");
    }

    private int ReadVocabSize()
    {
        if (!_file.Tensors.TryGetValue(ModelConfig.Embedding, out var embedding) || embedding.Shape.Length != 2)
            throw new UserInputException(
                $"{_file.Path}: tensor '{ModelConfig.Embedding}' is missing or not a matrix. Export the model again.");
        var tokens = VocabularyReader.ReadSize(_file);
        return tokens == embedding.Shape[0] ? tokens : throw new UserInputException(
            $"{_file.Path}: 'tokenizer.ggml.tokens' lists {tokens} tokens, but tensor '{ModelConfig.Embedding}' has {embedding.Shape[0]} rows. "
            + "Export the model again.");
    }

    private void CheckTensors(ModelConfig config, IEnumerable<string> besides)
    {
        var known = new HashSet<string>(besides);
        foreach (var spec in config.ListTensors().Concat(config.ListConstants().Select(constant => constant.Tensor)))
        {
            var (name, shape) = spec;
            known.Add(name);
            if (!_file.Tensors.TryGetValue(name, out var tensor))
                throw BadTensor(name, "is missing", "Export the model again.");
            if (!tensor.Shape.AsSpan().SequenceEqual(shape))
                throw BadTensor(
                    name,
                    $"has the shape [{string.Join(", ", tensor.Shape)}], not [{string.Join(", ", shape)}]",
                    "Export the model again.");
            if (spec.IsExact && tensor.Type != TensorType.F32)
                throw BadTensor(
                    name,
                    $"is stored as {tensor.Type}, but llama.cpp needs {ExactKind(name)} as F32",
                    "Convert it with these left in F32.");
        }
        if (_file.Tensors.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            throw BadTensor(
                unknown,
                $"is not part of the architecture '{_architecture.Name}' as this program computes it",
                "Use a plain model of it.");
    }

    private static string ExactKind(string tensor) =>
        tensor.Contains(ShortConvolution.Kernel, StringComparison.Ordinal)
        || tensor.Contains(GatedDeltaNet.Kernel, StringComparison.Ordinal)
            ? "kernels of convolutions"
        : tensor.Contains(ModelConfig.Sinks, StringComparison.Ordinal) ? "sinks"
        : "norms and biases";

    private int Size(string key, int? absent = null, uint max = MaxSize)
    {
        if (absent is { } value && !_file.Metadata.Contains(Key(key))) return value;
        var size = _file.Metadata.GetUInt32(Key(key));
        Require(size > 0 && size <= max, key, $"{size} is out of range (1 to {max})");
        return (int)size;
    }

    private string Key(string key) => $"{_architecture.Name}.{key}";

    private void Require(bool holds, string key, string problem)
    {
        if (!holds) throw Bad(key, problem);
    }

    private UserInputException Bad(string key, string problem) =>
        new($"{_file.Path}: metadata key '{Key(key)}': {problem}. Use another model file, or export it again.");

    private UserInputException BadTensor(string tensor, string problem, string remedy) =>
        new($"{_file.Path}: tensor '{tensor}' {problem}. {remedy}");
}

/// <summary>The keys of models with a <see cref="SlidingWindow"/>.</summary>
internal static class SlidingKeys
{
    public const string Window = "attention.sliding_window", Pattern = "attention.sliding_window_pattern", RopeBase = "rope.freq_base_swa";

    public static string[] Of(SlidingRule rule) => rule.OwnRopeBase ? [Window, Pattern, RopeBase] : [Window, Pattern];
}
