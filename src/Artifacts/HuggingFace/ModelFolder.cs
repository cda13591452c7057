using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Safetensors;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>
/// A model as Hugging Face's libraries save it: a folder of <c>config.json</c>, <c>model.safetensors</c> or parts of it with an index, and
/// the tokenizer's files. Opening it checks that its weights are those of a decoder of ours, each in its shape.
/// </summary>
public sealed class ModelFolder : IDisposable
{
    internal const string ConfigFile = "config.json",
        WeightsFile = "model.safetensors",
        TokenizerFile = "tokenizer.json",
        TokenizerConfigFile = "tokenizer_config.json",
        TemplateFile = "chat_template.jinja",
        GenerationFile = "generation_config.json", SpecialTokensFile = "special_tokens_map.json";

    private const string IndexFile = "model.safetensors.index.json", HeadTensor = "score.weight";

    internal static readonly IReadOnlyList<string> TokenizerFiles =
    [
        TokenizerFile,
        TokenizerConfigFile,
        TemplateFile,
        GenerationFile,
        SpecialTokensFile,
    ];

    /// <summary>What describes the model beside its weights; a conversion depends on nothing else.</summary>
    private static readonly string[] s_texts = [ConfigFile, IndexFile, .. TokenizerFiles];

    /// <summary>Before the names of a model for images too, in the order of the libraries' versions.</summary>
    private static readonly string[] s_prefixes = ["language_model.", "model.language_model."];

    /// <summary>What a model for images has beside that of its text, and old checkpoints beside weights.</summary>
    private static readonly string[] s_leftOut =
    [
        "vision_tower.",
        "multi_modal_projector.",
        "model.vision_tower.",
        "model.multi_modal_projector.",
    ];

    private readonly Dictionary<string, SafetensorsFile> _files = [];
    private readonly Dictionary<string, (SafetensorsFile File, SafetensorsTensor Tensor)> _tensors = [];

    private ModelFolder(string path) => Path = path;

    /// <summary>As a full path.</summary>
    public string Path { get; }

    public ModelConfig Config { get; private set; } = null!;

    /// <summary>What the configuration says of the text.</summary>
    internal JsonElement Configuration { get; private set; }

    /// <summary>Whether it says anything beside that of the text.</summary>
    internal bool IsForImages { get; private set; }

    /// <summary>All that a GGUF of it has, in the GGUF's order: the decoder's weights, and of a reward model its head's.</summary>
    internal IEnumerable<HubTensor> Tensors
    {
        get
        {
            IEnumerable<HubTensor> head = _tensors.TryGetValue(HeadTensor, out var score)
                ? [new(HeadTensor, score.Tensor.Shape, new("cls.output.weight", score.Tensor.Shape))]
                : [];
            return HubNames.ListTensors(Config, HubExperts.AreStacked(ShapeOf)).Concat(head);
        }
    }

    /// <exception cref="UserInputException">No such model, or one that cannot be converted: names the file and the key or
    /// tensor.</exception>
    public static ModelFolder Open(string path)
    {
        var folder = new ModelFolder(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)));
        try
        {
            folder.Read();
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Of all that a conversion depends on.</summary>
    public Digest DigestOf(CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        foreach (var name in s_texts.Where(name => File.Exists(In(name))).Concat(_files.Keys.Order(StringComparer.Ordinal)))
        {
            using var file = InputFile.Open(In(name));
            hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{name} {file.Length}\n")));
            for (int read; (read = file.Read(buffer)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, read);
            }
        }
        return Digest.OfHash(hash.GetHashAndReset());
    }

    /// <summary>Where a tensor is, by its name without a prefix.</summary>
    internal (SafetensorsFile File, SafetensorsTensor Tensor) this[string name] => _tensors[name];

    /// <summary>A file of the folder, whether it is there or not.</summary>
    /// <exception cref="UserInputException">It is a link that leads out of the folder.</exception>
    internal string In(string name) => In(Path, name);

    /// <inheritdoc cref="In(string)"/>
    internal static string In(string folder, string name)
    {
        var path = System.IO.Path.Combine(folder, name);
        FileSystemInfo? target;
        try
        {
            target = new FileInfo(path) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true) : null;
        }
        catch (IOException e)
        {
            throw new UserInputException($"{path}: this is a link that leads back to itself. Copy or download the file again.", e);
        }
        return target is null || IsWithin(folder, target.FullName) || IsInHubCache(folder, target.FullName)
            ? path
            : throw new UserInputException(
            $"{path}: this is a link out of the folder, to {target.FullName}, which may be any file of yours. Put the file itself here if it is meant.");
    }

    public void Dispose()
    {
        foreach (var file in _files.Values) file.Dispose();
    }

    private static bool IsWithin(string folder, string path) =>
        path.StartsWith(folder + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>The hub's own cache keeps files in <c>blobs</c> and links to them in <c>snapshots/REVISION</c>.</summary>
    private static bool IsInHubCache(string folder, string path) =>
        Directory.GetParent(folder) is { Name: "snapshots", Parent: { } repository }
        && IsWithin(System.IO.Path.Combine(repository.FullName, "blobs"), path);

    private void Read()
    {
        if (!Directory.Exists(Path)) throw new UserInputException($"{Path}: there is no such folder. Check the path.");
        if (!File.Exists(In(ConfigFile)))
            throw new UserInputException(
                $"{In(ConfigFile)}: there is no such file, so this folder is no model of Hugging Face's libraries. Give one that has it, or a GGUF file.");
        var config = HubJson.Read(In(ConfigFile));
        OpenWeights();
        IsForImages = config.Has("text_config");
        var text = config.Section("text_config") ?? config;
        Configuration = text.Root;
        Config = new HubConfigReader(text, ShapeOf).Read();
        CheckTensors();
    }

    private int[]? ShapeOf(string name) => _tensors.TryGetValue(name, out var found) ? found.Tensor.Shape : null;

    private void OpenWeights()
    {
        if (File.Exists(In(IndexFile)))
        {
            OpenParts(HubJson.Read(In(IndexFile)));
            return;
        }
        if (File.Exists(In(WeightsFile)))
        {
            foreach (var tensor in OpenFile(WeightsFile).Tensors.Values) Add(_files[WeightsFile], tensor);
            return;
        }
        var pickle = Directory.EnumerateFiles(Path).Select(System.IO.Path.GetFileName).Order(StringComparer.Ordinal)
            .FirstOrDefault(name => System.IO.Path.GetExtension(name) is ".bin" or ".pt" or ".pth" or ".pkl" or ".ckpt");
        throw new UserInputException(pickle is null
            ? $"{In(WeightsFile)}: there is no such file, and no {IndexFile} beside it. Download the model's weights."
            : $"{In(pickle)}: these weights are a pickle, which can run any code when it is read, so it is not. Save the model again with safe_serialization=True, or download its safetensors.");
    }

    private void OpenParts(HubJson index)
    {
        var map = index.Section("weight_map") ?? throw index.Bad("weight_map", "the key is missing");
        var files = map.Root.EnumerateObject().ToDictionary(tensor => tensor.Name, tensor => map.Text(tensor.Name));
        foreach (var (tensor, name) in files.DistinctBy(entry => entry.Value))
        {
            map.Require(
                name == System.IO.Path.GetFileName(name) && name.EndsWith(".safetensors", StringComparison.Ordinal),
                tensor,
                $"'{name}' is no name of a safetensors file of this folder");
            if (!File.Exists(In(name)))
                throw new UserInputException(
                    $"{In(name)}: there is no such file, but {IndexFile} names it. Download all parts of the model.");
            OpenFile(name);
        }
        foreach (var (tensor, name) in files)
        {
            Add(
                _files[name],
                _files[name].Tensors.GetValueOrDefault(tensor) ?? throw map.Bad(tensor, $"'{name}' has no tensor of that name"));
        }
        foreach (var (name, file) in _files)
        {
            if (file.Tensors.Keys.FirstOrDefault(tensor => !files.ContainsKey(tensor)) is { } stranger)
                throw new UserInputException(
                    $"{In(name)}: tensor '{stranger}' is not in {IndexFile}. Download index and parts of one and the same model.");
        }
    }

    private SafetensorsFile OpenFile(string name) => _files[name] = SafetensorsFile.Open(In(name));

    private void Add(SafetensorsFile file, SafetensorsTensor tensor)
    {
        if (s_leftOut.Any(prefix => tensor.Name.StartsWith(prefix, StringComparison.Ordinal))
            || tensor.Name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal))
            return;
        var prefix = s_prefixes.FirstOrDefault(prefix => tensor.Name.StartsWith(prefix, StringComparison.Ordinal));
        // model.language_model.layers… was language_model.model.layers….
        var name =
            prefix is null ? tensor.Name
            : prefix.StartsWith("model.", StringComparison.Ordinal) ? $"model.{tensor.Name[prefix.Length..]}"
            : tensor.Name[prefix.Length..];
        if (!_tensors.TryAdd(name, (file, tensor)))
            throw new UserInputException($"{file.Path}: tensor '{tensor.Name}' is there under another name too. Save the model again.");
    }

    private void CheckTensors()
    {
        // Before anything is listed per layer: a damaged count must not fill the memory.
        if (Config.Layers > _tensors.Count)
            throw new UserInputException(
                $"{In(ConfigFile)}: 'num_hidden_layers': {Config.Layers} blocks, but there are {_tensors.Count} tensors. Download or save the model again.");
        var known = new HashSet<string> { Config.TiedEmbeddings ? "lm_head.weight" : "" };
        foreach (var (name, shape, _, _) in Tensors.SelectMany(tensor => tensor.Parts).Where(part => known.Add(part.Name)))
        {
            if (!_tensors.TryGetValue(name, out var found))
                throw new UserInputException(
                    $"{Path}: tensor '{name}' is missing, which {ConfigFile} says that the model has. Download or save the model again.");
            if (!found.Tensor.Shape.AsSpan().SequenceEqual(shape))
                throw new UserInputException(
                    $"{found.File.Path}: tensor '{found.Tensor.Name}' has the shape [{string.Join(", ", found.Tensor.Shape)}], not [{string.Join(", ", shape)}] as {ConfigFile} says. Download or save the model again.");
        }
        if (_tensors.Keys.FirstOrDefault(name => !known.Contains(name)) is { } stranger)
            throw new UserInputException(
                $"{_tensors[stranger].File.Path}: tensor '{_tensors[stranger].Tensor.Name}' is not part of a model of the family {Config.Architecture.Name} as this program computes it. Use a plain model of it.");
    }
}
