using System.Text.Json;
using System.Text.RegularExpressions;
using IterativeDpo.Artifacts.Text;

namespace IterativeDpo.Artifacts.Adapters.Peft;

/// <summary>What an <c>adapter_config.json</c> says about the scale and rank of each module.</summary>
internal sealed class PeftSettings
{
    // What changes the adapter's arithmetic, or adds weights, in a way that a llama.cpp adapter cannot hold.
    private static readonly Dictionary<string, string> NotRepresentable = new()
    {
        ["use_dora"] = "DoRA rescales the merged weights",
        ["modules_to_save"] = "whole modules were trained beside the adapter",
        ["trainable_token_indices"] = "embeddings of single tokens were trained beside the adapter",
        ["target_parameters"] = "the adapter is on parameters that are no linear maps",
        ["lora_bias"] = "B has a bias",
        ["fan_in_fan_out"] = "the base's maps are transposed, which those of a Llama or Qwen model are not",
        ["layer_replication"] = "the base's layers are repeated",
        ["use_qalora"] = "QA-LoRA pools the input",
        ["use_bdlora"] = "BD-LoRA is block-diagonal",
        ["alora_invocation_tokens"] = "aLoRA begins at a token",
        ["arrow_config"] = "Arrow routes between adapters",
        ["kasa_config"] = "KaSA changes the base's weights",
        ["monteclora_config"] = "MonteCLoRA samples its weights",
    };

    // These begin by subtracting the adapter from the base, so it fits a base that is no longer the original one.
    private static readonly string[] InitialisationsThatChangeTheBase = ["pissa", "olora", "corda", "loftq", "lora_ga"];

    private readonly string _path;
    private readonly JsonElement _root;
    private readonly bool _usesRsLora;
    private readonly IReadOnlyList<(Regex Module, double Value)> _ranks;
    private readonly IReadOnlyList<(Regex Module, double Value)> _alphas;

    private PeftSettings(string path, JsonElement root)
    {
        _path = path;
        _root = root;
        RefuseOtherKinds();
        _usesRsLora = IsSet("use_rslora");
        _ranks = Patterns("rank_pattern");
        _alphas = Patterns("alpha_pattern");
        BaseName = IsSet("base_model_name_or_path") ? Text("base_model_name_or_path") : null;
    }

    /// <exception cref="UserInputException">Missing, not JSON, or a kind of adapter that cannot be a llama.cpp LoRA.</exception>
    public static PeftSettings Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(TextFile.Read(path));
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw new JsonException("it is no JSON object");
            return new(path, document.RootElement.Clone());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UserInputException($"{path}: not a PEFT configuration: {e.Message} Save the adapter again.", e);
        }
    }

    public string? BaseName { get; }

    /// <summary>The rank the configuration gives a module.</summary>
    public double RankOf(string module) => Find(_ranks, module) ?? Number("r");

    /// <summary>
    /// The alpha that gives the module's scale as alpha / rank, the only form a llama.cpp adapter has. rsLoRA (arXiv 2312.03732)
    /// scales by alpha / √rank instead, so its alpha grows by √rank.
    /// </summary>
    public double AlphaOf(string module, int rank)
    {
        var alpha = Find(_alphas, module) ?? Number("lora_alpha");
        return _usesRsLora ? alpha * Math.Sqrt(rank) : alpha;
    }

    private void RefuseOtherKinds()
    {
        var type = Text("peft_type");
        if (type != "LORA") throw Bad("peft_type", $"'{type}' is not LORA");
        if (Text("bias", "none") is var bias and not "none") throw Bad("bias", $"'{bias}' trains the base's biases as well");
        foreach (var (key, reason) in NotRepresentable)
        {
            if (IsSet(key)) throw Bad(key, reason);
        }
        if (_root.TryGetProperty("init_lora_weights", out var start) && start.ValueKind == JsonValueKind.String
            && InitialisationsThatChangeTheBase.Any(name => start.GetString()!.StartsWith(name, StringComparison.OrdinalIgnoreCase)))
            throw Bad(
                "init_lora_weights",
                $"'{start.GetString()}' changed the base's weights; save it with path_initial_model_for_weight_conversion");
    }

    /// <summary>Whether a key is there and has another value than false, null or nothing.</summary>
    private bool IsSet(string key) => _root.TryGetProperty(key, out var value) && value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => false,
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        _ => true,
    };

    private string Text(string key, string? absent = null)
    {
        if (!_root.TryGetProperty(key, out var value) && absent is not null) return absent;
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Bad(key, "missing, or no text");
    }

    private double Number(string key) => _root.TryGetProperty(key, out var value) ? Positive(key, value) : throw Bad(key, "missing");

    private double Positive(string key, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && (float)number > 0 && float.IsFinite((float)number)
            ? number
            : throw Bad(key, $"{value.GetRawText()} is no number over 0");

    /// <summary>
    /// The library's rule: a key is a regular expression for the end of a module's name, after a dot or from its beginning.
    /// </summary>
    private IReadOnlyList<(Regex, double)> Patterns(string key)
    {
        if (!IsSet(key)) return [];
        var value = _root.GetProperty(key);
        if (value.ValueKind != JsonValueKind.Object) throw Bad(key, "no JSON object");
        return [.. value.EnumerateObject().Select(entry => (Pattern(key, entry.Name), Positive($"{key}.{entry.Name}", entry.Value)))];
    }

    // Without backtracking an expression takes linear time, whoever wrote the file.
    private Regex Pattern(string key, string pattern)
    {
        try
        {
            return new($@"^(.*\.)?({pattern})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw Bad(key, $"'{pattern}' is no regular expression that this program takes ({e.Message})");
        }
    }

    private static double? Find(IReadOnlyList<(Regex Module, double Value)> patterns, string module)
    {
        foreach (var (pattern, value) in patterns)
        {
            if (pattern.IsMatch(module)) return value;
        }
        return null;
    }

    private UserInputException Bad(string key, string problem) =>
        new(
            $"{_path}: '{key}': {problem}. Import a plain LoRA adapter, or merge this one into its base with PEFT and convert the whole model.");
}
