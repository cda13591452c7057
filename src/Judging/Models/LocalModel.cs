using System.Collections.Concurrent;
using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Llm;

namespace IterativeDpo.Judging.Models;

/// <summary>A model in this process that judges ask.</summary>
/// <param name="modelPath">A GGUF file.</param>
/// <param name="isPolicy">Whether it has the adapter of the policy that is judged.</param>
/// <param name="queue">The model, which others may ask as well; it is not disposed of here.</param>
public sealed class LocalModel(string modelPath, bool isPolicy, ModelQueue queue, Func<string, ITextTokenizer> openTokenizer) : IJudgeModel
{
    private readonly Lazy<ITextTokenizer> _tokenizer = new(() => openTokenizer(modelPath));
    private readonly ConcurrentDictionary<string, IReadOnlyList<int[]>> _firstTokens = [];
    private string? _adapter;

    public Task CheckAsync(IReadOnlyList<ChatMessage> question, IReadOnlyList<string> labels, CancellationToken cancellationToken)
    {
        try
        {
            _tokenizer.Value.EncodePrompt(new Passage(null, question));
        }
        catch (ConversationException e)
        {
            throw new UserInputException($"{modelPath}: {e.Message}; change the judge's template.", e);
        }
        FirstTokens(labels);
        return Task.CompletedTask;
    }

    public Task LoadAsync(CancellationToken cancellationToken) => queue.LoadAsync(cancellationToken);

    public void UsePolicy(string? adapterPath) => _adapter = isPolicy ? adapterPath : null;

    public async Task<LabelAnswer> ChooseAsync(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string> labels,
        CancellationToken cancellationToken)
    {
        await queue.LoadAsync(cancellationToken).ConfigureAwait(false);
        var tokens = CountTokens(messages, queue.ContextSize, answer: 1);
        var probabilities = await queue
            .ProbabilitiesAsync(PromptOf(messages), FirstTokens(labels), _adapter, cancellationToken)
            .ConfigureAwait(false);
        return new LabelAnswer(probabilities, new JudgeUsage(Calls: 1, InputTokens: tokens));
    }

    public async Task<TextAnswer> AnswerAsync(
        IReadOnlyList<ChatMessage> messages, float temperature, int maxTokens, ulong seed, CancellationToken cancellationToken)
    {
        await queue.LoadAsync(cancellationToken).ConfigureAwait(false);
        var tokens = CountTokens(messages, queue.ContextSize, maxTokens);
        var options = new SamplingOptions(temperature, MaxTokens: maxTokens);
        var sample = await queue.CompleteAsync(PromptOf(messages), options, seed, _adapter, cancellationToken).ConfigureAwait(false);
        return new TextAnswer(
            AnswerText.Of(sample.Text, sample.FinishReason == FinishReason.Length),
            new JudgeUsage(Calls: 1, InputTokens: tokens, OutputTokens: sample.TokenIds.Length));
    }

    public ValueTask DisposeAsync()
    {
        if (_tokenizer.IsValueCreated)
        {
            _tokenizer.Value.Dispose();
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>A question has its text for a name, so that the same one asked again is computed once.</summary>
    private static Prompt PromptOf(IReadOnlyList<ChatMessage> messages) =>
        new(Digest.Of(Encoding.UTF8.GetBytes(PromptTemplate.Write(messages))).Hex, messages, null, null, []);

    private IReadOnlyList<int[]> FirstTokens(IReadOnlyList<string> labels) =>
        _firstTokens.GetOrAdd(string.Join('\n', labels), _ => _tokenizer.Value.FirstTokens(labels));

    /// <exception cref="JudgeModelException">The question leaves no room for the answer; nothing is cut.</exception>
    private int CountTokens(IReadOnlyList<ChatMessage> messages, int contextSize, int answer)
    {
        try
        {
            var tokens = _tokenizer.Value.EncodePrompt(new Passage(null, messages)).Length;
            return tokens + answer <= contextSize
                ? tokens
                : throw new JudgeModelException(
                    $"the question has {tokens} tokens and its answer may have {answer}, more together than the judge's context of {contextSize} (context-tokens, up to what the model was trained for)");
        }
        catch (ConversationException e)
        {
            throw new JudgeModelException($"{modelPath}: {e.Message}", e);
        }
    }
}
