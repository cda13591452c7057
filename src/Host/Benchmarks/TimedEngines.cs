using IterativeDpo.Generation;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>Completes prompts one after the other, each in the same time.</summary>
internal sealed class TimedGenerator(TimeSpan each) : IGenerator
{
    private readonly InstantGenerator _instant = new();

    public int ContextSize => _instant.ContextSize;

    public long GeneratedTokens => _instant.GeneratedTokens;

    public void UseAdapter(string? adapterPath)
    {
    }

    public int[] Tokenize(Prompt prompt) => _instant.Tokenize(prompt);

    public async Task GenerateAsync(
        IReadOnlyList<GenerationRequest> requests,
        SamplingOptions options,
        Action<PromptSamples> onFinished,
        CancellationToken cancellationToken)
    {
        // One wait: many short ones would each take a little longer than asked for.
        await Task.Delay(each * requests.Count, cancellationToken);
        await _instant.GenerateAsync(requests, options, onFinished, cancellationToken);
    }

    public Task<double[]> LogProbsAsync(IReadOnlyList<PromptSamples> prompts, CancellationToken cancellationToken) =>
        _instant.LogProbsAsync(prompts, cancellationToken);

    public void Dispose() => _instant.Dispose();
}

/// <summary>Trains nothing, in a time that is known.</summary>
internal sealed class TimedTrainer(TimeSpan training) : ITrainer
{
    public async Task<TrainingResult> TrainAsync(
        TrainingRequest request,
        IProgress<TrainingStep>? progress,
        CancellationToken cancellationToken)
    {
        await Task.Delay(training, cancellationToken);
        return await new InstantTrainer().TrainAsync(request, progress, cancellationToken);
    }
}
