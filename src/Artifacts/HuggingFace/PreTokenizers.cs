namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>
/// How texts are cut up before byte-level merges: what a <c>tokenizer.json</c> says by rules, llama.cpp knows by a name
/// (<c>tokenizer.ggml.pre</c>), each with rules of its own that are meant to do the same.
/// </summary>
/// <param name="Pattern">The regular expression of a split before the bytes; null: that of GPT-2, which the step to bytes has
/// itself.</param>
/// <param name="Digits">Whether digits are split off one by one before.</param>
/// <param name="TakesWhole">Whether llama.cpp takes a piece that is a token whole, whatever the merges say (<c>ignore_merges</c>).</param>
internal sealed record PreTokenizer(string Name, string? Pattern, bool Digits = false, bool TakesWhole = false)
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

    private const string Words =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+{0}|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*{0}";

    private const string Rest = @" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The first with the rules of a file is its name; llama.cpp has more names for some of them.</summary>
    public static readonly IReadOnlyList<PreTokenizer> All =
    [
        new("gpt-2", null),
        new("smollm", null, Digits: true),
        new("llama-bpe", Ordinary(@"\p{N}{1,3}"), TakesWhole: true),
        new("dbrx", Ordinary(@"\p{N}{1,3}")),
        new("qwen2", Ordinary(@"\p{N}")),
        new("tekken", $@"{Words.Replace("{0}", "", StringComparison.Ordinal)}|\p{{N}}|{Rest}", TakesWhole: true),
        new("gpt-4o", $@"{Words.Replace("{0}", Contractions + "?", StringComparison.Ordinal)}|\p{{N}}{{1,3}}|{Rest}"),
    ];

    /// <summary>llama.cpp's other names for rules that are here.</summary>
    private static readonly Dictionary<string, string> s_others = new()
    {
        ["llama3"] = "llama-bpe",
        ["llama-v3"] = "llama-bpe",
        ["lfm2"] = "llama-bpe",
        ["deepseek-r1-qwen"] = "qwen2",
        ["phi-2"] = "gpt-2",
        ["olmo"] = "gpt-2",
        ["starcoder"] = "smollm",
        ["refact"] = "smollm",
        ["command-r"] = "smollm",
        ["smaug-bpe"] = "dbrx",
        ["llama4"] = "gpt-4o",
    };

    /// <summary>By llama.cpp's name; null where it is none of these.</summary>
    public static PreTokenizer? Named(string name) => All.FirstOrDefault(pre => pre.Name == s_others.GetValueOrDefault(name, name));

    /// <summary>The one with the rules that a <c>tokenizer.json</c> has.</summary>
    /// <param name="tokenizer">The file.</param>
    /// <param name="takesWhole">Its <c>ignore_merges</c>.</param>
    /// <exception cref="UserInputException">None has: llama.cpp would cut texts up in another way.</exception>
    public static PreTokenizer Of(HubJson tokenizer, bool takesWhole)
    {
        var rules =
            tokenizer.Section("pre_tokenizer")
            ?? throw tokenizer.Bad("pre_tokenizer", "the key is missing, and a byte-level vocabulary needs it");
        var steps =
            rules.Text("type") == "Sequence"
                ? [.. rules.Items("pretokenizers").Select(step => rules.Of("pretokenizers", step))]
                : new[] { rules };
        var last = steps.LastOrDefault();
        if (last?.Text("type") != "ByteLevel" || last.Flag("add_prefix_space", true)) throw Unknown();
        var found = steps[..^1] switch
        {
            [] when last.Flag("use_regex", true) => All.Where(pre => pre is { Pattern: null, Digits: false }),
            [var digits] when digits.Text("type") == "Digits" && digits.Flag("individual_digits", false) && last.Flag("use_regex", true) =>
                All.Where(pre => pre.Digits),
            [var split] when split.Text("type") == "Split" && !last.Flag("use_regex", true) && IsEverything(split) => All.Where(pre =>
                pre.Pattern == split.Section("pattern")?.Text("Regex", "")),
            _ => [],
        };
        return found.FirstOrDefault(pre => pre.TakesWhole == takesWhole) ?? found.FirstOrDefault() ?? throw Unknown();

        UserInputException Unknown() =>
            tokenizer.Bad(
                "pre_tokenizer",
                $"these are not the rules of any that llama.cpp knows and this program tells: {string.Join(", ", All.Select(pre => pre.Name))}");
    }

    /// <summary>The rules as a <c>tokenizer.json</c> has them.</summary>
    public object ToJson() => Pattern is null && !Digits ? Bytes(useRegex: true) : new
    {
        type = "Sequence",
        pretokenizers = new[]
        {
            Digits
                ? new { type = "Digits", individual_digits = true }
                : (object)
                    new
                    {
                        type = "Split",
                        pattern = new { Regex = Pattern },
                        behavior = "Isolated",
                        invert = false,
                    },
            Bytes(Digits),
        },
    };

    private static object Bytes(bool useRegex) =>
        new
        {
            type = "ByteLevel",
            add_prefix_space = false,
            trim_offsets = true,
            use_regex = useRegex,
        };

    /// <summary>
    /// Matches stay, each by itself; as the expressions match everything, that is also what removing all that lies between comes to.
    /// </summary>
    private static bool IsEverything(HubJson split) =>
        (split.Text("behavior"), split.Flag("invert", false)) is ("Isolated", false) or ("Removed", true);

    private static string Ordinary(string digits) =>
        $@"{Contractions}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
}
