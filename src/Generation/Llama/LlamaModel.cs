using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using LLama;
using LLama.Common;
using LLama.Exceptions;
using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>A base model in llama.cpp's memory. Files are checked before llama.cpp sees them: some damaged ones make it end the process.</summary>
internal sealed class LlamaModel : IDisposable
{
    private readonly Lazy<Digest> _digest;

    private LlamaModel(string path, ModelConfig config, Digest tokenizerDigest, LLamaWeights weights)
    {
        Path = path;
        Config = config;
        TokenizerDigest = tokenizerDigest;
        Weights = weights;
        _digest = new Lazy<Digest>(() => Digest.OfFile(path));
    }

    public string Path { get; }

    public ModelConfig Config { get; }

    /// <summary>Of everything in the file that token ids depend on.</summary>
    public Digest TokenizerDigest { get; }

    public LLamaWeights Weights { get; }

    /// <exception cref="UserInputException">The file is missing, damaged, or not a model that can be run; or llama.cpp is missing.</exception>
    public static LlamaModel Load(string path) => Load(path, vocabularyOnly: false);

    /// <summary>Loads vocabulary and chat template without the weights.</summary>
    /// <exception cref="UserInputException">As for <see cref="Load(string)"/>.</exception>
    public static LlamaModel LoadVocabulary(string path) => Load(path, vocabularyOnly: true);

    /// <summary>Loads an adapter of this model; whoever asked for it unloads it.</summary>
    /// <exception cref="UserInputException">It is missing, damaged, or made for another base.</exception>
    public LoraAdapter LoadAdapter(string path)
    {
        // llama.cpp takes an adapter of any base with the same shapes, and LLamaSharp does not say when it refuses one.
        _ = Artifacts.Adapters.LoraAdapter.Read(path, Config, _digest.Value);
        return Weights.NativeHandle.LoadLoraFromFile(path);
    }

    public void Dispose() => Weights.Dispose();

    private static LlamaModel Load(string path, bool vocabularyOnly)
    {
        var (config, tokenizer) = Read(path);
        LlamaLog.Silence();
        try
        {
            // Making parameters loads llama.cpp: LLamaSharp asks it how many devices there can be.
            var parameters = new ModelParams(path) { GpuLayerCount = vocabularyOnly ? 0 : -1, VocabOnly = vocabularyOnly };
            return new LlamaModel(path, config, tokenizer, LLamaWeights.LoadFromFile(parameters));
        }
        catch (LoadWeightsFailedException e)
        {
            throw new UserInputException($"{path}: llama.cpp cannot load this model: {LlamaLog.LastError}", e);
        }
        catch (TypeInitializationException e) when (e.InnerException is RuntimeError error)
        {
            throw new UserInputException(error.Message, e);
        }
    }

    private static (ModelConfig Config, Digest Tokenizer) Read(string path)
    {
        using var file = GgufFile.Open(path);
        return (ModelConfig.Read(file), TokenizerDigests.Of(file.Metadata));
    }
}
