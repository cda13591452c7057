using System.Text;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>Completes prompts in no time: every second sample is right.</summary>
internal sealed class InstantGenerator : IGenerator
{
    public int ContextSize => 1024;

    public long GeneratedTokens { get; private set; }

    public void UseAdapter(string? adapterPath)
    {
    }

    public int[] Tokenize(Prompt prompt) => IdsOf(prompt.Messages![0].Spell());

    public Task GenerateAsync(
        IReadOnlyList<GenerationRequest> requests,
        SamplingOptions options,
        Action<PromptSamples> onFinished,
        CancellationToken cancellationToken)
    {
        foreach (var request in requests)
        {
            onFinished(new PromptSamples(
                request.Prompt, Tokenize(request.Prompt), [.. request.Seeds.Select((seed, index) => Answer(request.Prompt, index, seed))]));
        }
        return Task.CompletedTask;
    }

    public Task<double[]> LogProbsAsync(IReadOnlyList<PromptSamples> prompts, CancellationToken cancellationToken) =>
        Task.FromResult(new double[prompts.Sum(prompt => prompt.Samples.Count)]);

    public void Dispose()
    {
    }

    private Sample Answer(Prompt prompt, int index, ulong seed)
    {
        var text = index % 2 == 0 ? prompt.Checks[0].Value : $"wrong {index}";
        var ids = IdsOf(text);
        GeneratedTokens += ids.Length;
        return new Sample(index, seed, ids, new float[ids.Length], text, FinishReason.Eos, 0);
    }

    private static int[] IdsOf(string text) => [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value)];
}

/// <summary>Gives every second sample a point, in no time.</summary>
internal sealed class InstantJudge : IJudge
{
    public string Name => "instant";

    public bool ScoresSingleSamples => true;

    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken) =>
        Task.FromResult(new Verdict([.. samples.Samples.Select(sample => new Judgement(sample.Index, 1 - (sample.Index % 2), ""))]));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Trains nothing; writes a file where the adapter belongs.</summary>
internal sealed class InstantTrainer : ITrainer
{
    public Task<TrainingResult> TrainAsync(TrainingRequest request, IProgress<TrainingStep>? progress, CancellationToken cancellationToken)
    {
        File.WriteAllText(request.OutputPath, $"adapter of round {request.Manifest.Round}");
        return Task.FromResult(new TrainingResult(0, new Dictionary<string, double>(), []));
    }
}
