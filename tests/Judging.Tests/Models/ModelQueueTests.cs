using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Generation.Tests.Llama;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Tests.Models;

public sealed class ModelQueueTests(TinyModelFile files) : IClassFixture<TinyModelFile>, IAsyncLifetime
{
    private static readonly IReadOnlyList<int[]> EveryToken = [.. Enumerable.Range(0, ByteVocabulary.Size).Select(id => new[] { id })];

    // Few sequences and a small batch: prompts are split over batches, and batches over calls.
    private readonly ModelQueue _queue = Queue(files.ModelPath);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _queue.DisposeAsync().AsTask();

    [Fact]
    public async Task ProbabilitiesAsync_ofATokenAndOfAll_agreeWithTheGenerator()
    {
        using var generator = files.Load();

        foreach (var prompt in Prompts(4))
        {
            var sample = await Generate(generator, prompt, new SamplingOptions(Temperature: 0, MaxTokens: 1));

            var probabilities = await Ask(prompt, [[sample.TokenIds[0]], [.. Enumerable.Range(0, ByteVocabulary.Size)]]);

            Assert.Equal(MathF.Exp(sample.LogProbs[0]), probabilities[0], 1e-5);
            Assert.Equal(1, probabilities[1], 1e-6);
        }
    }

    [Fact]
    public async Task ProbabilitiesAsync_manyAtOnce_areThoseOfEachByItself()
    {
        var prompts = Prompts(12);
        var single = new List<double[]>();
        foreach (var prompt in prompts)
        {
            single.Add(await Ask(prompt, EveryToken));
        }

        var together = await Task.WhenAll(prompts.Select(prompt => Ask(prompt, EveryToken)));

        Assert.All(single.Zip(together), pair => Assert.All(pair.First.Zip(pair.Second), p => Assert.Equal(p.First, p.Second, 1e-5)));
    }

    [Fact]
    public async Task ProbabilitiesAsync_withAndWithoutAdapterAtOnce_getTheirOwnModel()
    {
        var prompts = Prompts(4);
        var expected = await Task.WhenAll(prompts.Select(prompt => Ask(prompt, EveryToken)));

        var mixed = await Task.WhenAll(
            prompts.SelectMany(prompt => new[] { Ask(prompt, EveryToken), Ask(prompt, EveryToken, files.AdapterPath) }));

        for (var i = 0; i < prompts.Length; i++)
        {
            Assert.All(expected[i].Zip(mixed[2 * i]), p => Assert.Equal(p.First, p.Second, 1e-5));
            Assert.Contains(expected[i].Zip(mixed[2 * i + 1]), p => Math.Abs(p.First - p.Second) > 1e-3);
        }
    }

    [Fact]
    public async Task ProbabilitiesAsync_adapterOfAnotherBase_failsForThatCallerOnly()
    {
        var (bad, good) = (Ask(Prompts(1)[0], EveryToken, files.ForeignAdapterPath), Ask(Prompts(1)[0], EveryToken));

        await Assert.ThrowsAsync<UserInputException>(() => bad);
        Assert.Equal(EveryToken.Count, (await good).Length);
    }

    [Fact]
    public async Task CompleteAsync_severalSeedsOfAPrompt_areTheGeneratorsSamples()
    {
        using var generator = files.Load();
        var options = new SamplingOptions(Temperature: 0.7f, MaxTokens: 12);
        var prompt = Prompts(1)[0];

        var samples = await Task.WhenAll(
            Enumerable.Range(1, 5).Select(seed => _queue.CompleteAsync(prompt, options, (ulong)seed, null, default)));

        for (var seed = 1; seed <= 5; seed++)
        {
            Assert.Equal((await Generate(generator, prompt, options, (ulong)seed)).TokenIds, samples[seed - 1].TokenIds);
        }
    }

    [Fact]
    public async Task CancelledCaller_leavesTheOthersTheirAnswers()
    {
        using var soon = new CancellationTokenSource();
        CancellationToken[] tokens = [default, soon.Token, new CancellationToken(canceled: true)];
        var options = new SamplingOptions(MaxTokens: 100);
        var given = Prompts(6).Select((prompt, i) => _queue.CompleteAsync(prompt, options, 1, null, tokens[i % 3])).ToArray();

        await soon.CancelAsync();

        Assert.NotEmpty((await given[0]).TokenIds);
        Assert.NotEmpty((await given[3]).TokenIds);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given[2]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given[5]);
        // These were cancelled on their way, unless they had been done by then.
        Assert.All(
            await Task.WhenAll(new[] { given[1], given[4] }.Select(task => Record.ExceptionAsync(() => task))),
            e => Assert.True(e is null or OperationCanceledException));
    }

    [Fact]
    public async Task CompleteAsync_promptLongerThanTheContext_failsForThatCallerOnly()
    {
        var longer = new Prompt("longer", null, new string('x', 200), null, []);
        var options = new SamplingOptions(MaxTokens: 8);

        var asked = Prompts(4).Append(longer).Select(prompt => _queue.CompleteAsync(prompt, options, 1, null, default)).ToArray();

        await Assert.ThrowsAnyAsync<Exception>(() => asked[^1]);
        Assert.All(await Task.WhenAll(asked[..^1]), sample => Assert.NotEmpty(sample.TokenIds));
    }

    [Fact]
    public async Task LoadAsync_afterALoadThatFailed_loads()
    {
        var path = files["late.gguf"];
        await using var queue = new ModelQueue(() => LlamaGenerator.Load(new LlamaOptions(path, 64, Sequences: 1)), 1);
        await Assert.ThrowsAsync<UserInputException>(() => queue.LoadAsync(default));
        File.Copy(files.ModelPath, path);

        await queue.LoadAsync(default);

        Assert.Equal(64, queue.ContextSize);
    }

    [Fact]
    public async Task DisposeAsync_withQuestionsThatNobodyWaitsFor_leavesThemOut()
    {
        var queue = new ModelQueue(() => LlamaGenerator.Load(new LlamaOptions(files.ModelPath, 128, Sequences: 1)), 1);
        using var stop = new CancellationTokenSource();
        var asked = Enumerable
            .Range(0, 200)
            .Select(i => queue.CompleteAsync(Prompts(1)[0], new SamplingOptions(MaxTokens: 100), (ulong)i, null, stop.Token))
            .ToArray();
        await stop.CancelAsync();

        await queue.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(asked));
    }

    private static ModelQueue Queue(string modelPath) =>
        new(() => LlamaGenerator.Load(new LlamaOptions(modelPath, 128, Sequences: 3, BatchTokens: 8)), 3);

    private Task<double[]> Ask(Prompt prompt, IReadOnlyList<int[]> sets, string? adapter = null) =>
        _queue.ProbabilitiesAsync(prompt, sets, adapter, default);

    /// <summary>Prompts of 3 to 50 tokens.</summary>
    private static Prompt[] Prompts(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Prompt($"p{i}", null, $"{new string((char)('a' + i), 2 + 4 * i)}?", null, []))];

    private static async Task<Sample> Generate(LlamaGenerator generator, Prompt prompt, SamplingOptions options, ulong seed = 1)
    {
        Sample? sample = null;
        await generator.GenerateAsync([new GenerationRequest(prompt, [seed])], options, samples => sample = samples.Samples[0], default);
        return sample!;
    }
}
