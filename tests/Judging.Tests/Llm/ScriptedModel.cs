using System.Collections.Concurrent;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Tests.Llm;

/// <summary>A model that answers by a script, and remembers what it was asked.</summary>
internal sealed class ScriptedModel : IJudgeModel
{
    /// <summary>The labels' probabilities for the whole question.</summary>
    public Func<string, double[]> Choose { get; init; } = _ => throw new JudgeModelException("not scripted");

    /// <summary>The text for the whole question and the seed.</summary>
    public Func<string, ulong, string> Answer { get; init; } = (_, _) => throw new JudgeModelException("not scripted");

    public ConcurrentBag<string> Asked { get; } = [];

    public ConcurrentBag<ulong> Seeds { get; } = [];

    public string? Policy { get; private set; }

    public Task CheckAsync(IReadOnlyList<ChatMessage> question, IReadOnlyList<string> labels, CancellationToken cancellationToken)
    {
        Note(question);
        return Task.CompletedTask;
    }

    public void UsePolicy(string? adapterPath) => Policy = adapterPath;

    public async Task<LabelAnswer> ChooseAsync(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string> labels,
        CancellationToken cancellationToken)
    {
        await Task.Yield();
        return new LabelAnswer(Choose(Note(messages)), new JudgeUsage(Calls: 1));
    }

    public async Task<TextAnswer> AnswerAsync(
        IReadOnlyList<ChatMessage> messages, float temperature, int maxTokens, ulong seed, CancellationToken cancellationToken)
    {
        await Task.Yield();
        Seeds.Add(seed);
        return new TextAnswer(Answer(Note(messages), seed), new JudgeUsage(Calls: 1));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string Note(IReadOnlyList<ChatMessage> messages)
    {
        var text = messages[^1].Content!;
        Asked.Add(text);
        return text;
    }
}
