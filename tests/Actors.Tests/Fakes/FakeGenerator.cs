using System.Text;
using IterativeDpo.Generation;

namespace IterativeDpo.Actors.Tests.Fakes;

/// <summary>
/// Answers at once: right in a share of the samples that depends on the sample's seed and on the adapter, and is told to the log.
/// </summary>
internal sealed class FakeGenerator(FakeLog log) : IGenerator
{
    private string? _adapter;
    private long _tokens;

    /// <summary>Percent of right answers with an adapter of this content; null is the base.</summary>
    public Func<string?, int> Quality { get; init; } = adapter => adapter is null ? 30 : 60;

    /// <summary>Called before each prompt; may throw or wait.</summary>
    public Action<Prompt, CancellationToken> BeforePrompt { get; init; } = (_, _) => { };

    public int ContextSize { get; init; } = 256;

    /// <summary>Called before a prompt becomes tokens; may throw.</summary>
    public Action<Prompt> BeforeTokenize { get; init; } = _ => { };

    public long GeneratedTokens => Interlocked.Read(ref _tokens);

    public void UseAdapter(string? adapterPath)
    {
        _adapter = adapterPath is null ? null : File.ReadAllText(adapterPath);
        log.Add($"adapter {_adapter ?? "base"}");
    }

    public int[] Tokenize(Prompt prompt)
    {
        BeforeTokenize(prompt);
        return [.. Encoding.UTF8.GetBytes(prompt.Messages![0].Content!).Select(b => (int)b)];
    }

    public int[] EncodeAnswer(Prompt prompt) => [.. Encoding.UTF8.GetBytes(prompt.Answer!).Select(b => (int)b)];

    public Task GenerateAsync(
        IReadOnlyList<GenerationRequest> requests,
        SamplingOptions options,
        Action<PromptSamples> onFinished,
        CancellationToken cancellationToken)
    {
        foreach (var request in requests)
        {
            cancellationToken.ThrowIfCancellationRequested();
            BeforePrompt(request.Prompt, cancellationToken);
            log.Add($"{(options.Temperature == 0 ? "greedy" : request.Seeds.Count > 1 ? "sampled" : "drawn")} {request.Prompt.Id}");
            onFinished(new PromptSamples(
                request.Prompt, Tokenize(request.Prompt), [.. request.Seeds.Select((seed, index) => Answer(request.Prompt, index, seed))]));
        }
        return Task.CompletedTask;
    }

    /// <summary>Half a nat less for each token than its own samples say they have.</summary>
    public Task<double[]> LogProbsAsync(IReadOnlyList<PromptSamples> prompts, CancellationToken cancellationToken)
    {
        log.Add($"scored {prompts.Count} by {_adapter ?? "base"}");
        return Task.FromResult(prompts.SelectMany(prompt => prompt.Samples).Select(sample => -0.5 * sample.TokenIds.Length).ToArray());
    }

    public void Dispose() => log.Add("disposed");

    private Sample Answer(Prompt prompt, int index, ulong seed)
    {
        var text = (int)(SampleSeed.Mix(seed) % 100) < Quality(_adapter) ? prompt.Checks[0].Value : $"wrong {index}";
        int[] ids = [.. Encoding.UTF8.GetBytes(text).Select(b => (int)b)];
        Interlocked.Add(ref _tokens, ids.Length);
        return new Sample(index, seed, ids, new float[ids.Length], text, FinishReason.Eos, 0.5f);
    }
}
