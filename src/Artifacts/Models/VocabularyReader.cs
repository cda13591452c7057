using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Models;

/// <summary>
/// Checks a model file's vocabulary. llama.cpp trusts it: a token that occurs twice or merges that are no strings end the process there,
/// and lists shorter than the tokens are read past their end.
/// </summary>
internal static class VocabularyReader
{
    private const string Prefix = "tokenizer.ggml.";

    private static readonly string[] SpecialTokens = ["bos_token_id", "eos_token_id", "padding_token_id"];

    // llama.cpp strips spaces after these where the model's name says Phi-3, and ends where one is missing.
    public static readonly string[] Phi3Tokens = ["</s>", "<unk>", "<s>", "<|endoftext|>"];

    /// <summary>Whether llama.cpp takes spaces after special tokens away, which it does by the model's name.</summary>
    public static bool IsNamedPhi3(GgufMetadata metadata) =>
        metadata.TryGet("general.name", out var name) && name.Value is string text
        && (text.Contains("phi3", StringComparison.OrdinalIgnoreCase) || text.Contains("phi-3", StringComparison.OrdinalIgnoreCase));

    /// <summary>The number of tokens.</summary>
    public static int ReadSize(GgufFile file)
    {
        var metadata = file.Metadata;
        var tokens = metadata.GetArray<string>(Prefix + "tokens");
        if (FirstDuplicate(tokens) is { } duplicate) throw Bad(file, "tokens", $"the token '{duplicate}' occurs twice");
        switch (metadata.GetString(Prefix + "model"))
        {
            case "gpt2":
                metadata.GetArray<string>(Prefix + "merges");
                break;
            case "llama":
                if (!tokens.Contains("<0x0A>")) throw Bad(file, "tokens", "a SentencePiece vocabulary ('llama') needs its byte tokens");
                break;
            case var model:
                throw Bad(file, "model", $"the tokenizer '{model}' is not supported, only gpt2 and llama");
        }
        RequireLength<int>(file, "token_type", tokens.Length);
        RequireLength<float>(file, "scores", tokens.Length);
        foreach (var key in SpecialTokens)
        {
            if (metadata.GetUInt32(Prefix + key, 0) is var id && id >= tokens.Length)
                throw Bad(file, key, $"{id} is not one of the {tokens.Length} tokens");
        }
        CheckEnds(file, tokens);
        if (IsNamedPhi3(metadata) && Phi3Tokens.FirstOrDefault(token => !tokens.Contains(token)) is { } missing)
            throw Bad(
                file,
                "tokens",
                $"'{missing}' is missing, which llama.cpp needs where 'general.name' says Phi-3. Take that out of the name");
        return tokens.Length;
    }

    /// <summary>Where a file does not name a special token, llama.cpp takes one by its number, whatever it is in this vocabulary.</summary>
    private static void CheckEnds(GgufFile file, string[] tokens)
    {
        var sentencePiece = file.Metadata.GetString(Prefix + "model") == "llama";
        Check("eos_token_id", sentencePiece ? 2 : 11, "</s>");
        if (file.Metadata.GetBool(Prefix + "add_bos_token", sentencePiece)) Check("bos_token_id", sentencePiece ? 1 : 11, "<s>");

        void Check(string key, int assumed, string meant)
        {
            var token = assumed < tokens.Length ? tokens[assumed] : "";
            if (!file.Metadata.Contains(Prefix + key) && !(sentencePiece && token == meant))
                throw Bad(file, key, $"it is missing, and llama.cpp would take token {assumed}, '{token}', for it");
        }
    }

    private static string? FirstDuplicate(string[] tokens)
    {
        var seen = new HashSet<string>(tokens.Length);
        return tokens.FirstOrDefault(token => !seen.Add(token));
    }

    private static void RequireLength<T>(GgufFile file, string key, int length)
    {
        if (file.Metadata.Contains(Prefix + key) && file.Metadata.GetArray<T>(Prefix + key).Length is var found && found != length)
            throw Bad(file, key, $"{found} entries for {length} tokens");
    }

    private static UserInputException Bad(GgufFile file, string key, string problem) =>
        new($"{file.Path}: metadata key '{Prefix}{key}': {problem}. Use another model file, or export it again.");
}
