using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Tests.Models;

/// <summary>A model small enough to write in every test.</summary>
internal static class TinyModel
{
    public static ModelConfig Config(string architecture = "llama") => new(
        ModelArchitecture.Named(architecture), Layers: 2, Dim: 32, Heads: 4, KvHeads: architecture == "olmoe" ? 4 : 2, HeadDim: 8,
        FeedForwardDim: 64, RmsEps: 1e-5f, RopeBase: 1000, RopeDim: 8, ContextLength: 128, ByteVocabulary.Size, TiedEmbeddings: false)
    {
        Experts = ModelArchitecture.Named(architecture).Experts is not { Optional: false } rule
            ? null
            : new(4, 2, rule.OwnWidth ? 16 : 64, rule.Shared == SharedExpert.Gated ? 24 : 0),
        Sliding = ModelArchitecture.Named(architecture).Sliding is { Window: null } sliding ? new(8, sliding.Every, 1000) : null,
        Convolution = ModelArchitecture.Named(architecture).Convolves ? new(3, Attending: [1]) : null,
        DeltaNet = ModelArchitecture.Named(architecture).HasDeltaNets ? new(3, 8, KeyHeads: 2, ValueHeads: 4, Every: 2) : null,
    };

    /// <summary>Seeded values, another row for every tensor.</summary>
    public static float[] Values(TensorSpec tensor)
    {
        var random = new Random(tensor.Name.Sum(c => c) + tensor.Shape[0]);
        return [.. Enumerable.Range(0, tensor.Shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.NextSingle() - 0.5f)];
    }

    public static void Write(string path, ModelConfig config, TensorType type = TensorType.F32)
    {
        var tensors = config.ListTensors().ToDictionary(tensor => tensor.Name);
        ModelWriter.Write(path, "tiny", config, name => Values(tensors[name]), type);
    }

    /// <summary>Writes the tiny model with changed metadata and tensors, as a faulty exporter would.</summary>
    public static void WriteChanged(
        string path, Action<Dictionary<string, object>>? metadata = null, Func<TensorSpec, TensorSpec?>? tensors = null,
        Func<TensorSpec, TensorType>? type = null, string architecture = "llama")
    {
        var config = Config(architecture);
        Write(path, config);
        var values = new Dictionary<string, object>();
        using (var file = GgufFile.Open(path))
        {
            foreach (var (key, value) in file.Metadata) values[key] = value;
        }
        metadata?.Invoke(values);
        var writer = new GgufWriter();
        foreach (var (key, value) in values) writer.Set(key, value);
        foreach (var tensor in config.ListTensors().Select(tensors ?? (tensor => tensor)).OfType<TensorSpec>())
            writer.Add(tensor.Name, tensor.Shape, type?.Invoke(tensor) ?? TensorType.F32, Values(tensor));
        writer.Write(path);
    }

    /// <summary>Copies the model with one more tensor.</summary>
    public static void WriteWith(GgufFile original, string path, string name, int[] shape, ReadOnlyMemory<float> values)
    {
        var writer = new GgufWriter();
        foreach (var (key, value) in original.Metadata.Where(entry => entry.Key != "general.alignment")) writer.Set(key, value);
        foreach (var tensor in original.Tensors.Values) writer.Copy(original, tensor);
        writer.Add(name, shape, TensorType.F32, values).Write(path);
    }
}
