using IterativeDpo.Artifacts;
using IterativeDpo.Generation.Batching;
using LLama;
using LLama.Common;
using LLama.Exceptions;
using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>A generator on llama.cpp, through LLamaSharp. Decoding runs on a thread of its own.</summary>
public sealed class LlamaGenerator : IGenerator
{
    private readonly LlamaOptions _options;
    private readonly LLamaWeights _weights;
    private readonly LlamaDecoder _decoder;
    private readonly LlamaPromptEncoder _encoder;
    private readonly TokenTable _tokens;
    private readonly TokenCounter _generatedTokens = new();
    private LoraAdapter? _adapter;
    private int _busy;

    private LlamaGenerator(LlamaOptions options, LLamaWeights weights)
    {
        _options = options;
        _weights = weights;
        _decoder = new LlamaDecoder(weights, options);
        _encoder = new LlamaPromptEncoder(weights, options.ModelPath);
        _tokens = LlamaVocabulary.Read(weights);
    }

    public int ContextSize => _options.ContextSize;

    public long GeneratedTokens => _generatedTokens.Value;

    /// <summary>Loads the base model.</summary>
    /// <exception cref="UserInputException">The file is missing or no model that llama.cpp can load.</exception>
    public static LlamaGenerator Load(LlamaOptions options)
    {
        if (!File.Exists(options.ModelPath))
        {
            throw new UserInputException($"model file {options.ModelPath} does not exist");
        }
        LlamaLog.Silence();
        LLamaWeights? weights = null;
        try
        {
            weights = LLamaWeights.LoadFromFile(new ModelParams(options.ModelPath) { GpuLayerCount = -1 });
            return new LlamaGenerator(options, weights);
        }
        catch (LoadWeightsFailedException e)
        {
            throw new UserInputException($"llama.cpp cannot load {options.ModelPath}: {LlamaLog.LastError}", e);
        }
        catch
        {
            weights?.Dispose();
            throw;
        }
    }

    public void UseAdapter(string? adapterPath)
    {
        using var turn = TakeTurn();
        var next = adapterPath is null ? null : _weights.NativeHandle.LoadLoraFromFile(adapterPath);
        _decoder.UseAdapter(next);
        _adapter?.Unload();
        _adapter = next;
    }

    public int[] Tokenize(Prompt prompt) => _encoder.Encode(prompt);

    public async Task GenerateAsync(
        IReadOnlyList<GenerationRequest> requests,
        SamplingOptions options,
        Action<PromptSamples> onFinished,
        CancellationToken cancellationToken)
    {
        using var turn = TakeTurn();
        await Task.Factory.StartNew(
            () => Generate(requests, options, onFinished, cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _decoder.Dispose();
        _weights.Dispose();
    }

    private void Generate(
        IReadOnlyList<GenerationRequest> requests, SamplingOptions options, Action<PromptSamples> onFinished, CancellationToken cancellationToken)
    {
        var encoded = requests.Select(Encode).ToArray();
        var runner = new BatchRunner(_decoder, _tokens, options, ContextSize, _generatedTokens);
        runner.Run(encoded, onFinished, cancellationToken);
    }

    private EncodedRequest Encode(GenerationRequest request)
    {
        var ids = Tokenize(request.Prompt);
        return ids.Length < ContextSize
            ? new EncodedRequest(request, ids)
            : throw new UserInputException(
                $"prompt '{request.Prompt.Id}' has {ids.Length} tokens, and with one token of completion it must fit the context of {ContextSize}: "
                + "shorten it or raise generation.context-size");
    }

    private Turn TakeTurn() =>
        Interlocked.Exchange(ref _busy, 1) == 0
            ? new Turn(this)
            : throw new InvalidOperationException("this generator is in use: it takes one call at a time");

    private readonly struct Turn(LlamaGenerator owner) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref owner._busy, 0);
    }
}
