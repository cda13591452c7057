using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Models;

/// <summary>
/// Writes a whole model as GGUF. Maps and embeddings take the type asked for; norms, biases, routers and kernels stay F32.
/// </summary>
public static class ModelWriter
{
    /// <summary>Writes a model of the byte-level vocabulary.</summary>
    /// <param name="name">The model's name, for people.</param>
    /// <param name="weights">A tensor's values by its name, row-major, one of <see cref="ModelConfig.ListTensors"/> at a time.</param>
    /// <param name="type">F32, F16, BF16 or Q8_0.</param>
    /// <exception cref="UserInputException">The type does not fit the model's shapes.</exception>
    public static void Write(string path, string name, ModelConfig config, Func<string, ReadOnlyMemory<float>> weights, TensorType type) =>
        WriteTensors(path, WriterOf(name, config, ByteVocabulary.Metadata()), config, weights, type);

    /// <summary>A writer that has the model's metadata.</summary>
    /// <param name="tokenizer">The tokenizer's metadata.</param>
    internal static GgufWriter WriterOf(string name, ModelConfig config, IEnumerable<KeyValuePair<string, object>> tokenizer)
    {
        var writer = new GgufWriter()
            .Set("general.architecture", config.Architecture.Name)
            .Set("general.type", "model")
            .Set("general.name", name);
        SetShape(writer, config);
        foreach (var (key, value) in tokenizer) writer.Set(key, value);
        return writer;
    }

    /// <summary>What a tensor is stored as in a model of some type.</summary>
    /// <param name="path">The file, for the message.</param>
    /// <exception cref="UserInputException">The type does not fit the tensor's shape.</exception>
    internal static TensorType TypeOf(string path, TensorSpec tensor, TensorType type)
    {
        // A router decides, and is small: it stays exact, as in the files of llama.cpp's quantiser, which takes it in any type.
        var isRouter = tensor.Name.EndsWith($".{ExpertShape.Router}.weight", StringComparison.Ordinal);
        var stored = tensor.IsExact || isRouter ? TensorType.F32 : type;
        return tensor.Shape[^1] % stored.BlockLength() == 0 ? stored : throw new UserInputException(
            $"{path}: tensor '{tensor.Name}' has rows of {tensor.Shape[^1]}, and {type} needs a multiple of {type.BlockLength()}. Choose F16, BF16 or F32.");
    }

    /// <summary>Adds what a model has beside its weights, and writes the file.</summary>
    /// <param name="type">What most tensors are stored as.</param>
    internal static void Finish(string path, GgufWriter writer, ModelConfig config, TensorType type)
    {
        writer.Set("general.file_type", FileType(type));
        foreach (var ((name, shape), values) in config.ListConstants()) writer.Add(name, shape, TensorType.F32, values);
        writer.Write(path);
    }

    /// <summary>Writes new weights for the model in <paramref name="original"/>, with its metadata: vocabulary, template and all.</summary>
    /// <inheritdoc cref="Write" path="/param|/exception"/>
    public static void WriteLike(GgufFile original, string path, Func<string, ReadOnlyMemory<float>> weights, TensorType type) =>
        WriteTensors(path, WriterLike(original), ModelConfig.Read(original), weights, type);

    /// <summary>
    /// Writes new weights for some tensors of the model in <paramref name="original"/>, each in the type it has; everything else is copied
    /// byte by byte.
    /// </summary>
    /// <param name="changed">The names of those tensors.</param>
    /// <param name="weights">Their values by name, row-major, one at a time.</param>
    /// <exception cref="UserInputException">One of them has a type that is not written.</exception>
    public static void WriteChanged(
        GgufFile original, string path, IReadOnlySet<string> changed, Func<string, ReadOnlyMemory<float>> weights)
    {
        var writer = WriterLike(original);
        foreach (var tensor in original.Tensors.Values)
        {
            if (!changed.Contains(tensor.Name)) writer.Copy(original, tensor);
            else if (TensorEncoder.CanWrite(tensor.Type)) writer.Add(tensor.Name, tensor.Shape, tensor.Type, () => weights(tensor.Name));
            else
                throw new UserInputException(
                    $"{original.Path}: tensor '{tensor.Name}' is stored as {tensor.Type}, which is read, not written. "
                + "Choose Q8_0, F16, BF16 or F32 for the new file.");
        }
        writer.Write(path);
    }

    /// <summary>Copies the model without some tensors, byte by byte.</summary>
    public static void WriteWithout(GgufFile original, string path, IReadOnlyCollection<string> left)
    {
        var writer = WriterLike(original);
        foreach (var tensor in original.Tensors.Values.Where(tensor => !left.Contains(tensor.Name))) writer.Copy(original, tensor);
        writer.Write(path);
    }

    private static GgufWriter WriterLike(GgufFile original)
    {
        var writer = new GgufWriter();
        foreach (var (key, value) in original.Metadata.Where(entry =>
                entry.Key != "general.alignment" && !entry.Key.StartsWith(GgufFile.PartPrefix, StringComparison.Ordinal)))
            writer.Set(key, value);
        return writer;
    }

    private static void SetShape(GgufWriter writer, ModelConfig config)
    {
        void Set(string key, object value) => writer.Set($"{config.Architecture.Name}.{key}", value);
        Set("block_count", (uint)config.Layers);
        Set("context_length", (uint)config.ContextLength);
        Set("embedding_length", (uint)config.Dim);
        Set("feed_forward_length", (uint)config.FeedForwardDim);
        Set("attention.head_count", (uint)config.Heads);
        SetKeyHeads(Set, config);
        Set("attention.key_length", (uint)config.HeadDim);
        Set("attention.value_length", (uint)config.HeadDim);
        Set("attention.layer_norm_rms_epsilon", config.RmsEps);
        Set("rope.dimension_count", (uint)config.RopeDim);
        Set("rope.freq_base", config.RopeBase);
        Set("vocab_size", (uint)config.VocabSize);
        SetScaling(Set, config.Scaling);
        SetVariants(Set, config);
    }

    private static void SetKeyHeads(Action<string, object> set, ModelConfig config)
    {
        const string key = "attention.head_count_kv";
        var heads = (uint)config.KvHeads;
        if (config.Convolution is not { } convolution)
        {
            set(key, heads);
            return;
        }
        set(key, Enumerable.Range(0, config.Layers).Select(layer => config.Convolves(layer) ? 0 : heads).ToArray());
        set("shortconv.l_cache", (uint)convolution.Taps);
    }

    private static void SetVariants(Action<string, object> set, ModelConfig config)
    {
        void SetFactor(string key, float value, float absent)
        {
            if (value != absent) set(key, value);
        }
        SetFactor("attention.temperature_scale", config.TemperatureScale, 0);
        SetFactor("attn_logit_softcapping", config.ScoreCap, 0);
        SetFactor("final_logit_softcapping", config.LogitCap, 0);
        if (config.MostPositions != int.MaxValue) set("rope.scaling.original_context_length", (uint)config.MostPositions);
        if (config.Sliding is { } sliding)
        {
            set(SlidingKeys.Window, (uint)sliding.Tokens);
            set(SlidingKeys.Pattern, (uint)sliding.Every);
            if (config.Architecture.Sliding!.OwnRopeBase) set(SlidingKeys.RopeBase, sliding.RopeBase);
        }
        if (config.DeltaNet is { } net)
        {
            set(DeltaNetKeys.Taps, (uint)net.Taps);
            set(DeltaNetKeys.HeadDim, (uint)net.HeadDim);
            set(DeltaNetKeys.KeyHeads, (uint)net.KeyHeads);
            set(DeltaNetKeys.ValueHeads, (uint)net.ValueHeads);
            set(DeltaNetKeys.ValueDim, (uint)net.ValueDim);
            set(DeltaNetKeys.Every, (uint)net.Every);
            set(DeltaNetKeys.Sections, DeltaNetKeys.SectionsOf(config.RopeDim / 2));
        }
        if (config.Experts is { } experts)
        {
            set(ExpertKeys.Count, (uint)experts.Count);
            set(ExpertKeys.Used, (uint)experts.Used);
            if (config.Architecture.Experts!.OwnWidth) set(ExpertKeys.Width, (uint)experts.FeedForwardDim);
            if (experts.SharedDim > 0) set(ExpertKeys.SharedWidth, (uint)experts.SharedDim);
        }
        if (!config.Architecture.Keys.Contains("embedding_scale")) return;
        set("logit_scale", config.LogitDivisor);
        set("rope.scaling.finetuned", config.Rotates);
        SetFactor("embedding_scale", config.EmbeddingScale, 1);
        SetFactor("residual_scale", config.ResidualScale, 1);
        SetFactor("attention.scale", config.ScoreScale ?? 0, 0);
    }

    private static void SetScaling(Action<string, object> set, RopeScaling scaling)
    {
        if (scaling.Kind != RopeScalingKind.None)
        {
            set("rope.scaling.type", scaling.Kind == RopeScalingKind.Yarn ? "yarn" : "linear");
            set("rope.scaling.factor", scaling.Factor);
        }
        if (scaling.OriginalContext != 0) set("rope.scaling.original_context_length", (uint)scaling.OriginalContext);
        if (scaling.KeepsLength) set("rope.scaling.yarn_log_multiplier", 1f);
        if (scaling.AttentionFactor != 1) set("rope.scaling.attn_factor", scaling.AttentionFactor);
    }

    private static void WriteTensors(
        string path, GgufWriter writer, ModelConfig config, Func<string, ReadOnlyMemory<float>> weights, TensorType type)
    {
        foreach (var tensor in config.ListTensors())
            writer.Add(tensor.Name, tensor.Shape, TypeOf(path, tensor, type), () => weights(tensor.Name));
        Finish(path, writer, config, type);
    }

    // llama.cpp's numbers for the type most tensors have.
    private static uint FileType(TensorType type) => type switch
    {
        TensorType.F32 => 0,
        TensorType.F16 => 1,
        TensorType.Q8_0 => 7,
        TensorType.BF16 => 32,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Models are written as F32, F16, BF16 or Q8_0."),
    };
}
