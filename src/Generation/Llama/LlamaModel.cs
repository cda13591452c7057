using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using LLama;
using LLama.Common;
using LLama.Exceptions;
using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>
/// A base model in llama.cpp's memory. Files are checked before llama.cpp sees them: some damaged ones make it end the process.
/// </summary>
internal sealed class LlamaModel : IDisposable
{
    private readonly Lazy<Digest> _digest;

    private LlamaModel(string path, FileRead read, LLamaWeights weights)
    {
        Path = path;
        (Config, TokenizerDigest, ChatTemplates, NamedTokens, TemplateMarks) = read;
        Weights = weights;
        _digest = new Lazy<Digest>(() => GgufFile.DigestOf(path));
    }

    public string Path { get; }

    public ModelConfig Config { get; }

    /// <summary>Of everything in the file that token ids depend on.</summary>
    public Digest TokenizerDigest { get; }

    /// <summary>Chat templates by their names; the one without is called default.</summary>
    public IReadOnlyDictionary<string, string> ChatTemplates { get; }

    /// <summary>
    /// Texts of tokens that the file names, by the names that templates have for them; BOS and the end token are not among them.
    /// </summary>
    public IReadOnlyDictionary<string, string> NamedTokens { get; }

    /// <summary>
    /// User-defined tokens of several characters that the chat template spells: to llama.cpp they are text, and in a conversation what its
    /// control tokens are.
    /// </summary>
    public IReadOnlyDictionary<int, string> TemplateMarks { get; }

    public LLamaWeights Weights { get; }

    /// <exception cref="UserInputException">The file is missing, damaged, or not a model that can be run; or llama.cpp is
    /// missing.</exception>
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
        var read = Read(path);
        LlamaLog.Silence();
        try
        {
            // Making parameters loads llama.cpp: LLamaSharp asks it how many devices there can be.
            var parameters = new ModelParams(path) { GpuLayerCount = vocabularyOnly ? 0 : -1, VocabOnly = vocabularyOnly };
            return new LlamaModel(path, read, LLamaWeights.LoadFromFile(parameters));
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

    private static FileRead Read(string path)
    {
        using var file = GgufFile.Open(path);
        var templates = ChatTemplatesOf(file.Metadata);
        return new(
            ModelConfig.Read(file),
            TokenizerDigests.Of(file.Metadata),
            templates,
            NamedTokensOf(file.Metadata),
            MarksOf(file.Metadata, templates));
    }

    private static Dictionary<string, string> ChatTemplatesOf(GgufMetadata metadata)
    {
        const string key = "tokenizer.chat_template";
        var templates = new Dictionary<string, string>();
        foreach (var name in metadata
                .Select(entry => entry.Key)
                .Where(name => name == key || name.StartsWith($"{key}.", StringComparison.Ordinal)))
        {
            templates[name == key ? "default" : name[(key.Length + 1)..]] = metadata.GetString(name);
        }
        return templates;
    }

    private static Dictionary<string, string> NamedTokensOf(GgufMetadata metadata)
    {
        var tokens = metadata.Contains("tokenizer.ggml.tokens") ? metadata.GetArray<string>("tokenizer.ggml.tokens") : [];
        return new[] { ("unk_token", "unknown"), ("pad_token", "padding") }
            .Select(name => (Name: name.Item1, Id: metadata.GetUInt32($"tokenizer.ggml.{name.Item2}_token_id", uint.MaxValue)))
            .Where(named => named.Id < tokens.Length)
            .ToDictionary(named => named.Name, named => tokens[named.Id]);
    }

    private static Dictionary<int, string> MarksOf(GgufMetadata metadata, Dictionary<string, string> templates)
    {
        const int UserDefined = 4;
        if (templates.Count == 0 || !metadata.Contains("tokenizer.ggml.token_type"))
        {
            return [];
        }
        var types = metadata.GetArray<int>("tokenizer.ggml.token_type");
        return metadata.GetArray<string>("tokenizer.ggml.tokens").Index()
            .Where(token => types[token.Index] == UserDefined && token.Item.EnumerateRunes().Count() > 1
                && !string.IsNullOrWhiteSpace(token.Item) && templates.Values.Any(template => Spells(template, token.Item)))
            .ToDictionary();
    }

    /// <summary>Whether a template has a token, or makes it of a role's name: '&lt;|' + message['role'] + '|&gt;'.</summary>
    private static bool Spells(string template, string token) => template.Contains(token, StringComparison.Ordinal)
        || ChatMessage.Roles.Any(role => token.Split(role) is [{ Length: > 0 } before, { Length: > 0 } behind]
            && template.Contains(before, StringComparison.Ordinal) && template.Contains(behind, StringComparison.Ordinal));

    /// <summary>What is read of the file itself.</summary>
    private sealed record FileRead(
        ModelConfig Config,
        Digest Tokenizer,
        IReadOnlyDictionary<string, string> ChatTemplates,
        IReadOnlyDictionary<string, string> NamedTokens,
        IReadOnlyDictionary<int, string> Marks);
}
