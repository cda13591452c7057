using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Tests.Models;
using IterativeDpo.Generation.Llama;

namespace IterativeDpo.Generation.Tests.Llama;

/// <summary>The tiny model and two adapters as files, written once for a test class.</summary>
public sealed class TinyModelFile : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("llama-test-").FullName;

    public TinyModelFile()
    {
        TinyModel.Write(ModelPath, Config);
        WriteAdapter(AdapterPath, Digest.OfFile(ModelPath));
        WriteAdapter(ForeignAdapterPath, Digest.Of([1, 2, 3]));
    }

    public string ModelPath => this["tiny.gguf"];

    /// <summary>An adapter of the model that changes its logits visibly.</summary>
    public string AdapterPath => this["adapter.gguf"];

    /// <summary>The same update, trained on another base.</summary>
    public string ForeignAdapterPath => this["foreign.gguf"];

    public string this[string name] => Path.Combine(_directory, name);

    private static ModelConfig Config { get; } = TinyModel.Config();

    /// <summary>On one thread, so that the same batches give the same bits.</summary>
    public LlamaGenerator Load(int sequences = 8, int contextSize = 128) =>
        LlamaGenerator.Load(new LlamaOptions(ModelPath, contextSize, sequences, Threads: 1));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static void WriteAdapter(string path, Digest baseDigest)
    {
        const int rank = 2;
        var maps = from layer in Enumerable.Range(0, Config.Layers)
                   from map in ModelConfig.BlockMaps
                   let shape = Config.MapShape(map)
                   let name = ModelConfig.BlockTensor(layer, $"{map}.weight")
                   select new LoraMap(
                       name,
                       TinyModel.Values(new TensorSpec($"{name}.a", [rank, shape[1]])),
                       TinyModel.Values(new TensorSpec($"{name}.b", [shape[0], rank])));
        new LoraAdapter(rank, 4, new AdapterManifest(baseDigest, null, "", 1, "{}"), [.. maps]).Write(path, Config);
    }
}
