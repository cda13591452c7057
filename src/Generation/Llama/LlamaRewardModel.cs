using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Generation.Llama;

/// <summary>
/// A reward model on llama.cpp: the state of each sequence's last token (last pooling), and the head here. llama.cpp's own rank pooling is
/// of no use for it: of a decoder it takes the first token's state, or a softmax over the one output (docs/decisions/009).
/// </summary>
/// <param name="modelPath">A GGUF of a decoder; its head may be in it.</param>
/// <param name="headPath">A file with the head; null where it is in the model's.</param>
/// <param name="contextTokens">Most tokens of a sequence; what the model was trained for, where that is less.</param>
/// <param name="batchTokens">Most tokens to one call of the model; at least a sequence's.</param>
/// <param name="chatTemplate">What its chat template is given; null is nothing.</param>
public sealed class LlamaRewardModel(
    string modelPath,
    string? headPath,
    int contextTokens,
    int batchTokens,
    int threads,
    ChatTemplateOptions? chatTemplate = null) : IRewardModel
{
    private Loaded? _loaded;

    private sealed record Loaded(LlamaModel Model, LlamaPooler Pooler, LlamaText Text, LlamaChat Chat, RewardHead Head, int ContextSize);

    public void Check()
    {
        using var file = GgufFile.Open(modelPath);
        RewardHead.Read(headPath ?? modelPath, ModelConfig.Read(file, withHead: true).Dim);
    }

    public void Load() => _loaded ??= Load(modelPath, headPath, contextTokens, batchTokens, threads, chatTemplate);

    public int[] Encode(Prompt prompt, Sample answer)
    {
        Load();
        var model = _loaded!;
        var ids = prompt.Messages is { } messages
            ? model.Text.WithBos(model.Chat.EncodeConversation([.. messages, new("assistant", answer.Text)], prompt.Tools))
            : model.Text.WithEnd([
                .. model.Text.WithBos(model.Text.Tokenize(prompt.Text ?? "", special: true)),
                .. model.Text.Tokenize(answer.Text, special: answer.TokenIds.Length == 0, goesOn: true)]);
        return ids.Length <= model.ContextSize ? ids : throw new InvalidOperationException(
            $"prompt '{prompt.Id}' and an answer to it have {ids.Length} tokens, and the reward model reads {model.ContextSize}; "
            + "raise the judge's context-tokens (up to what the model was trained for), or lower generation.max-tokens");
    }

    public void Score(IReadOnlyList<int[]> sequences, Action<int, double> onScore, CancellationToken cancellationToken)
    {
        Load();
        _loaded!.Pooler.Run(sequences, (i, state) => onScore(i, _loaded.Head.Score(state)), cancellationToken);
    }

    public void Dispose()
    {
        _loaded?.Pooler.Dispose();
        _loaded?.Model.Dispose();
    }

    private static Loaded Load(
        string modelPath,
        string? headPath,
        int contextTokens,
        int batchTokens,
        int threads,
        ChatTemplateOptions? chatTemplate)
    {
        var model = LoadBody(modelPath);
        try
        {
            var contextSize = Math.Min(contextTokens, model.Config.ContextLength);
            var head = RewardHead.Read(headPath ?? modelPath, model.Config.Dim);
            var text = new LlamaText(model);
            var pooler = new LlamaPooler(model.Weights, modelPath, Math.Max(batchTokens, contextSize), threads);
            return new(model, pooler, text, new(model, text, chatTemplate), head, contextSize);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// llama.cpp refuses a decoder's file with a head in it: it gets a copy without, which is gone from the disk once it is open.
    /// </summary>
    private static LlamaModel LoadBody(string modelPath)
    {
        using var file = GgufFile.Open(modelPath);
        ModelConfig.Read(file, withHead: true);
        if (!RewardHead.Tensors.Any(file.Tensors.ContainsKey))
        {
            return LlamaModel.Load(modelPath);
        }
        var directory = Directory.CreateTempSubdirectory("dpo-reward-model-");
        try
        {
            var body = Path.Combine(directory.FullName, "body.gguf");
            ModelWriter.WriteWithout(file, body, RewardHead.Tensors);
            return LlamaModel.Load(body);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
