using IterativeDpo.Artifacts;
using IterativeDpo.Generation.Batching;
using IterativeDpo.Generation.Sampling;
using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>A generator on llama.cpp, through LLamaSharp. Decoding runs on a thread of its own.</summary>
public sealed class LlamaGenerator : ILogitGenerator
{
    /// <summary>Prompts that begin alike are neighbours: their beginning is computed once.</summary>
    private static readonly Comparer<int[]> _byIds = Comparer<int[]>.Create((one, other) => one.AsSpan().SequenceCompareTo(other));

    private readonly LlamaModel _model;
    private readonly LlamaDecoder _decoder;
    private readonly LlamaPromptEncoder _encoder;
    private readonly TokenTable _tokens;
    private readonly TokenCounter _generatedTokens = new();
    private LoraAdapter? _adapter;
    private int _busy;

    private LlamaGenerator(LlamaOptions options, LlamaModel model)
    {
        ContextSize = options.ContextSize;
        _model = model;
        _decoder = new LlamaDecoder(model.Weights, options, model.Config.HasState);
        _encoder = new LlamaPromptEncoder(model, options.ChatTemplate);
        _tokens = LlamaVocabulary.Read(model.Weights, model.Config.Thoughts);
    }

    public int ContextSize { get; }

    public long GeneratedTokens => _generatedTokens.Value;

    /// <summary>
    /// Loads the base model. A context longer than the model was trained for, or than it is computed alike in, is shortened to that.
    /// </summary>
    /// <exception cref="UserInputException">The file is missing, damaged, or not a model that can be run.</exception>
    public static LlamaGenerator Load(LlamaOptions options)
    {
        var model = LlamaModel.Load(options.ModelPath);
        try
        {
            return new LlamaGenerator(options with { ContextSize = Math.Min(options.ContextSize, model.Config.LongestContext) }, model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public void UseAdapter(string? adapterPath)
    {
        using var turn = TakeTurn();
        var next = adapterPath is null ? null : _model.LoadAdapter(adapterPath);
        _decoder.UseAdapter(next);
        _adapter?.Unload();
        _adapter = next;
    }

    public int[] Tokenize(Prompt prompt) => _encoder.Encode(prompt);

    public int[] EncodeAnswer(Prompt prompt) => _encoder.EncodeAnswer(prompt);

    public async Task GenerateAsync(
        IReadOnlyList<GenerationRequest> requests,
        SamplingOptions options,
        Action<PromptSamples> onFinished,
        CancellationToken cancellationToken)
    {
        using var turn = TakeTurn();
        await Task.Factory.StartNew(
            () => Run(_decoder, requests, options, onFinished, cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).ConfigureAwait(false);
    }

    public async Task<double[]> LogProbsAsync(IReadOnlyList<PromptSamples> prompts, CancellationToken cancellationToken)
    {
        using var turn = TakeTurn();
        return await Task.Factory.StartNew(
            () =>
                LogProbs(
                    [
                        .. from prompt in prompts
                        from sample in prompt.Samples
                        select new RecordedTokens([.. prompt.PromptIds, .. sample.TokenIds], prompt.PromptIds.Length),
                    ],
                    cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).ConfigureAwait(false);
    }

    public async Task PrefillAsync(IReadOnlyList<int[]> prompts, PromptLogits onLogits, CancellationToken cancellationToken)
    {
        using var turn = TakeTurn();
        await Task.Factory.StartNew(
            () =>
            {
                _decoder.Reset();
                foreach (var group in prompts.Index().OrderBy(prompt => prompt.Item, _byIds).Chunk(_decoder.Places))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    _decoder.Prefill([.. group.Select(prompt => prompt.Item)], (i, logits) => onLogits(group[i].Index, logits));
                }
            },
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).ConfigureAwait(false);
    }

    /// <summary>Generates, and returns the batches it took: replayed, they are the time that llama.cpp alone needs.</summary>
    public DecodeTrace Trace(IReadOnlyList<GenerationRequest> requests, SamplingOptions options, CancellationToken cancellationToken)
    {
        using var turn = TakeTurn();
        var trace = new DecodeTrace(_decoder);
        Run(trace, requests, options, _ => { }, cancellationToken);
        return trace;
    }

    public void Dispose()
    {
        _decoder.Dispose();
        _model.Dispose();
    }

    private void Run(
        IBatchDecoder decoder,
        IReadOnlyList<GenerationRequest> requests,
        SamplingOptions options,
        Action<PromptSamples> onFinished,
        CancellationToken cancellationToken) =>
        new BatchRunner(decoder, _tokens, options, ContextSize, _generatedTokens)
            .Run([.. requests.Select(Encode).OrderBy(request => request.PromptIds, _byIds)], onFinished, cancellationToken);

    private double[] LogProbs(RecordedTokens[] samples, CancellationToken cancellationToken)
    {
        var (sums, weights) = (new double[samples.Length], new WeightTable(_tokens.Count));
        _decoder.Reset();
        foreach (var group in samples.Index().OrderBy(sample => sample.Item.Ids, _byIds).Chunk(_decoder.Places))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var next = Array.ConvertAll(group, sample => sample.Item.Start);
            // Logits come token by token, each of them for the next; after the last one nothing is asked.
            _decoder.Prefill([.. group.Select(sample => sample.Item.Ids[..^1])], [.. next.Select(start => start - 1)], (i, logits) =>
            {
                weights.Fill(logits);
                sums[group[i].Index] += logits[group[i].Item.Ids[next[i]++]] - weights.LogSumExp;
            });
        }
        return sums;
    }

    private EncodedRequest Encode(GenerationRequest request)
    {
        var ids = Tokenize(request.Prompt);
        PromptRoom.Check(request.Prompt, ids.Length, ContextSize);
        return new EncodedRequest(request, ids);
    }

    private Turn TakeTurn() =>
        Interlocked.Exchange(ref _busy, 1) == 0
            ? new Turn(this)
            : throw new InvalidOperationException("This generator is in use: it takes one call at a time.");

    /// <param name="Ids">A prompt's and its sample's.</param>
    /// <param name="Start">Where the sample's begin.</param>
    private readonly record struct RecordedTokens(int[] Ids, int Start);

    private readonly struct Turn(LlamaGenerator owner) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref owner._busy, 0);
    }
}
