using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Models;

/// <summary>Bytes that training takes at its peak, with the default settings.</summary>
/// <param name="Lora">An adapter on the file as it is.</param>
/// <param name="Qlora">An adapter on the model with its matrices as Q4_K.</param>
/// <param name="Full">Every weight.</param>
internal sealed record ModelMemory(long Lora, long Qlora, long Full);

/// <summary>What a model file is, whether it can be trained, and whether trainer and llama.cpp compute the same of it.</summary>
/// <param name="Supported">Whether generator and trainer take it.</param>
/// <param name="Problem">Why not.</param>
/// <param name="Logits">The trainer's after each token, [tokens][vocabulary]; null where nobody asked for them.</param>
internal sealed record ModelReport(
    string Architecture,
    string Name,
    long Parameters,
    int? ContextLength,
    int? Vocabulary,
    bool ChatTemplate,
    IReadOnlyDictionary<string, int> TensorTypes,
    bool Supported, string? Problem, ModelMemory? MemoryBytes, ModelCheck? Check, float[][]? Logits)
{
    [JsonIgnore]
    public int ExitCode => !Supported ? ExitCodes.BadInput : Check!.Agrees ? ExitCodes.Done : ExitCodes.Failed;

    /// <param name="tokens">What to compute; none for tokens of every kind.</param>
    /// <exception cref="UserInputException">The file is missing or no GGUF, or a token is not the model's.</exception>
    public static ModelReport Of(string path, int[] tokens, bool logits, int threads)
    {
        using var file = GgufFile.Open(path);
        var report = Describe(file);
        try
        {
            var config = ModelConfig.Read(file);
            var ids = tokens.Length == 0 ? ModelCheck.TokensOf(config) : tokens;
            report = report with { ContextLength = config.ContextLength, Vocabulary = config.VocabSize, MemoryBytes = MemoryOf(file) };
            return Wrong(ids, config) is { } wrong ? throw new TokenException(wrong) : Checked(report, file, config, ids, logits, threads);
        }
        catch (UserInputException e) when (e is not TokenException)
        {
            return report with { Supported = false, Problem = e.Message };
        }
    }

    private static ModelReport Describe(GgufFile file) => new(
        file.Metadata.GetString("general.architecture", ""),
        file.Metadata.GetString("general.name", ""),
        file.Tensors.Values.Sum(tensor => (long)tensor.Elements),
        null,
        null,
        file.Metadata.Contains("tokenizer.chat_template"),
        file.Tensors.Values.GroupBy(tensor => tensor.Type)
            .OrderByDescending(type => type.Count())
            .ToDictionary(type => type.Key.ToString(), type => type.Count()),
        Supported: true, null, null, null, null);

    private static ModelReport Checked(ModelReport report, GgufFile file, ModelConfig config, int[] ids, bool logits, int threads)
    {
        var (check, computed) = ModelCheck.Run(file, config, ids, threads);
        return report with
        {
            Check = check,
            // JSON has no word for what is not finite.
            Logits = logits && check.MaxAbsDiff is not null ? computed : null,
            Problem = check.Agrees
                ? null
                : "llama.cpp and the trainer compute different logits of these tokens: do not train this model, and report it with this output",
        };
    }

    private static string? Wrong(int[] ids, ModelConfig config) =>
        ids.Length > config.LongestContext
            ? $"--tokens: {ids.Length} tokens, and the model's context is {config.LongestContext}. Give fewer."
        : ids.FirstOrDefault(id => id >= config.VocabSize) is > 0 and var id
            ? $"--tokens: {id} is not one of the model's {config.VocabSize} tokens, 0 to {config.VocabSize - 1}."
        : null;

    private static ModelMemory MemoryOf(GgufFile file)
    {
        var options = TrainingConfiguration.Load(null, []).Options;
        var (lora, full) = (
            MemoryEstimate.Of(file, options, longest: 1),
            MemoryEstimate.Of(file, options with { Lora = null }, longest: 1));
        // 4.5 bits a weight.
        var quantised = file.Tensors.Values.Sum(tensor => tensor.Shape.Length < 2 ? 4L * tensor.Elements : tensor.Elements / 16L * 9);
        return new(lora.Total, (lora with { Weights = Math.Min(lora.Weights, quantised) }).Total, full.Total);
    }

    private sealed class TokenException(string message) : UserInputException(message);
}
