using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Tests.Models;
using IterativeDpo.Generation.Llama;

namespace IterativeDpo.Generation.Tests.Llama;

public sealed class ConvolvingModelTests() : StatefulModelTests(
    TinyModel.Config("lfm2") with { Layers = 4, Convolution = new(3, Attending: [2]) });

public sealed class DeltaNetModelTests() : StatefulModelTests(TinyModel.Config("qwen35") with { Layers = 4 });

/// <summary>
/// Models whose sequences have a state that cannot be taken back to an earlier token: whatever is shared between prompts, each gets
/// what it would get on its own.
/// </summary>
public abstract class StatefulModelTests : IDisposable
{
    private static readonly SamplingOptions s_greedy = new(Temperature: 0, MaxTokens: 20), s_sampled = new(MaxTokens: 20);

    /// <summary>Long common beginnings, one prompt the beginning of another, equal ones, and others between them.</summary>
    private static readonly string[] s_texts =
    [
        "t", new('s', 20), new string('s', 20) + "x", new('s', 40), new string('s', 40) + "a", new string('s', 40) + "a",
        new string('s', 40) + "ab", new string('s', 40) + "abc and more", new string('s', 40) + "b", "u", new('s', 39), new('v', 50),
    ];

    private readonly string _directory = Directory.CreateTempSubdirectory("stateful-").FullName;
    private readonly string _model;

    private protected StatefulModelTests(ModelConfig config)
    {
        _model = Path.Combine(_directory, "m.gguf");
        TinyModel.Write(_model, config);
    }

    public void Dispose()
    {
        Directory.Delete(_directory, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(32)]
    public async Task GenerateAsync_greedy_gives_what_one_prompt_at_a_time_gives(int sequences)
    {
        using var one = Load(sequences: 1);
        using var many = Load(sequences);
        var requests = Requests(samples: 1);

        var alone = new List<PromptSamples>();
        foreach (var request in requests)
        {
            alone.AddRange(await Generate(one, [request], s_greedy));
        }

        Assert.Equal(Ids([.. alone.OrderBy(r => r.Prompt.Id)]), Ids(await Generate(many, requests, s_greedy)));
    }

    [Fact]
    public async Task GenerateAsync_in_batches_of_few_tokens_gives_the_same()
    {
        using var whole = Load(sequences: 8);
        using var parts = LlamaGenerator.Load(new(_model, 128, Sequences: 8, Threads: 1, BatchTokens: 16));

        Assert.Equal(Ids(await Generate(whole, Requests(2), s_sampled)), Ids(await Generate(parts, Requests(2), s_sampled)));
    }

    [Fact]
    public async Task GenerateAsync_forked_samples_have_the_log_probs_of_a_sample_on_its_own()
    {
        using var generator = Load(sequences: 8);
        var requests = Requests(samples: 5);

        var forked = await Generate(generator, requests, s_sampled);

        foreach (var (request, i) in requests.SelectMany(request => Enumerable.Range(0, 5).Select(i => (request, i))))
        {
            var alone = (await Generate(generator, [request with { Seeds = [request.Seeds[i]] }], s_sampled))[0].Samples[0];
            var sample = forked.Single(result => result.Prompt.Id == request.Prompt.Id).Samples[i];
            Assert.Equal(alone.TokenIds, sample.TokenIds);
            Assert.All(alone.LogProbs.Zip(sample.LogProbs), pair => Assert.Equal(pair.First, pair.Second, 2e-3f));
        }
    }

    [Fact]
    public async Task LogProbsAsync_of_its_own_samples_are_what_they_were_drawn_with()
    {
        using var generator = Load(sequences: 16);
        var prompts = await Generate(generator, Requests(samples: 3), s_sampled);

        var sums = await generator.LogProbsAsync(prompts, CancellationToken.None);

        Assert.All(
            prompts.SelectMany(prompt => prompt.Samples).Zip(sums),
            sample => Assert.Equal(sample.First.LogProbs.Sum(), sample.Second, 5e-3));
    }

    [Fact]
    public async Task PrefillAsync_gives_the_logits_of_each_prompt_on_its_own()
    {
        using var generator = Load(sequences: 32);
        int[][] prompts =
        [
            .. Enumerable.Range(0, 20).Select(i => (int[])[.. Enumerable.Repeat(65, 40 - i % 3), 70 + i, .. Enumerable.Repeat(66, i % 5)]),
        ];

        var together = await Logits(generator, prompts);

        for (var i = 0; i < prompts.Length; i++)
        {
            var exact = LlamaLogits.Compute(_model, prompts[i], 1)[^1];
            Assert.All(exact.Zip(together[i]), pair => Assert.Equal(pair.First, pair.Second, 5e-3f));
        }
    }

    [Fact]
    public void Reward_model_scores_a_sequence_the_same_in_any_company()
    {
        var head = Path.Combine(_directory, "head.gguf");
        using (var file = Artifacts.Gguf.GgufFile.Open(_model))
        {
            TinyModel.WriteWith(file, head, "cls.output.weight", [1, 32], TinyModel.Values(new("cls.output.weight", [1, 32])));
        }
        using var rewards = new LlamaRewardModel(head, null, contextTokens: 128, batchTokens: 128, threads: 1);
        int[][] sequences = [.. s_texts.Select(text => (int[])[.. text.Select(letter => (int)letter)])];

        var together = Scores(rewards, sequences);

        Assert.True(together.Max() - together.Min() > 0.1);
        foreach (var (i, sequence) in sequences.Index())
        {
            Assert.Equal(Scores(rewards, [sequence])[0], together[i], 1e-4);
        }
    }

    private static double[] Scores(LlamaRewardModel model, int[][] sequences)
    {
        var scores = new double[sequences.Length];
        model.Score(sequences, (i, score) => scores[i] = score, CancellationToken.None);
        return scores;
    }

    /// <summary>On one thread, so that the same batches give the same bits.</summary>
    private LlamaGenerator Load(int sequences) => LlamaGenerator.Load(new(_model, 128, sequences, Threads: 1));

    private static GenerationRequest[] Requests(int samples) =>
    [
        .. s_texts.Select((text, i) => new GenerationRequest(
            new Prompt($"p{i:00}", null, text, null, []), [.. Enumerable.Range(0, samples).Select(s => SampleSeed.Derive(1, 0, $"p{i}", s))])),
    ];

    private static async Task<PromptSamples[]> Generate(LlamaGenerator generator, GenerationRequest[] requests, SamplingOptions options)
    {
        var results = new List<PromptSamples>();
        await generator.GenerateAsync(requests, options, results.Add, CancellationToken.None);
        return [.. results.OrderBy(r => r.Prompt.Id, StringComparer.Ordinal)];
    }

    private static string[] Ids(PromptSamples[] results) =>
        [.. results.SelectMany(r => r.Samples.Select(s => $"{r.Prompt.Id} {s.Index} {s.FinishReason} {string.Join(',', s.TokenIds)}"))];

    private static async Task<float[][]> Logits(LlamaGenerator generator, int[][] prompts)
    {
        var logits = new float[prompts.Length][];
        await generator.PrefillAsync(prompts, (prompt, values) => logits[prompt] = values.ToArray(), CancellationToken.None);
        return logits;
    }
}
