using System.Text;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation.Llama;

/// <summary>A model file's own tokenizer and chat template, as llama.cpp has them; its weights stay on the disk.</summary>
public sealed class LlamaTextTokenizer : ITextTokenizer
{
    private readonly LlamaModel _model;
    private readonly LlamaText _text;
    private readonly LlamaChat _chat;

    private LlamaTextTokenizer(LlamaModel model, ChatTemplateOptions? chatTemplate)
    {
        _model = model;
        _text = new LlamaText(model);
        _chat = new LlamaChat(model, _text, chatTemplate);
        Digest = chatTemplate is null
            ? model.TokenizerDigest
            : Digest.Of(
                Encoding.UTF8.GetBytes($"{model.TokenizerDigest} {chatTemplate.Name} {chatTemplate.Kwargs} {chatTemplate.TimeOfDay:O}"));
    }

    public Digest Digest { get; }

    public int VocabSize => _model.Config.VocabSize;

    /// <summary>One whose chat template is given nothing but conversations.</summary>
    /// <exception cref="UserInputException">The file is missing, damaged, or not a model that can be run.</exception>
    public static LlamaTextTokenizer Load(string modelPath) => Load(modelPath, null);

    /// <param name="chatTemplate">What its chat template is given; null is nothing.</param>
    /// <exception cref="UserInputException">The file is missing, damaged, or not a model that can be run.</exception>
    public static LlamaTextTokenizer Load(string modelPath, ChatTemplateOptions? chatTemplate) =>
        new(LlamaModel.LoadVocabulary(modelPath), chatTemplate);

    public int[] EncodePrompt(Passage prompt) => _text.WithBos(
        prompt.Turns is { } turns ? _chat.EncodePrompt(turns, prompt.Tools) : _text.Tokenize(prompt.Text ?? "", special: true));

    public int[] EncodeCompletion(Passage prompt, Passage completion) => _text.WithEnd(
        completion.Turns is { } turns
            ? _chat.EncodeCompletion(prompt.Turns ?? [], turns, prompt.Tools)
            : _text.Tokenize(completion.Text ?? "", special: true, goesOn: true));

    public IReadOnlyList<int[]> FirstTokens(IReadOnlyList<string> texts)
    {
        int[][] begins =
        [
            .. texts.Select(text =>
                new[] { text, $" {text}" }
                    .Select(spelling => _text.Tokenize(spelling, special: false, goesOn: true)[0])
                    .Distinct()
                    .ToArray()),
        ];
        // Where the space is a token by itself it says nothing.
        var shared = begins.SelectMany(ids => ids).GroupBy(id => id).Where(id => id.Count() > 1).Select(id => id.Key).ToHashSet();
        int[][] own = [.. begins.Select(ids => ids.Where(id => !shared.Contains(id)).ToArray())];
        return Array.FindIndex(own, ids => ids.Length == 0) is var same and >= 0
            ? throw new UserInputException(
                $"{_model.Path}: its token for the beginning of \"{texts[same]}\" also begins another of {string.Join(", ", texts)}; choose labels that begin differently, such as A and B.")
            : own;
    }

    public string? DecodePrompt(ReadOnlySpan<int> ids) => _text.Decode(ids, goesOn: false);

    public string? DecodeCompletion(ReadOnlySpan<int> ids) => _text.Decode(ids, goesOn: true);

    public void Dispose() => _model.Dispose();
}
