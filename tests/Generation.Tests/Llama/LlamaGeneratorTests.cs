using IterativeDpo.Artifacts;
using IterativeDpo.Generation.Llama;

namespace IterativeDpo.Generation.Tests.Llama;

public sealed class LlamaGeneratorTests(TinyModelFile files) : IClassFixture<TinyModelFile>
{
    private static readonly SamplingOptions Sampled = new(MaxTokens: 20);

    [Fact]
    public async Task GenerateAsync_otherOrderAndSlots_givesTheSameSamples()
    {
        using var narrow = files.Load(sequences: 3);
        using var wide = files.Load(sequences: 16);

        var one = await Generate(narrow, Requests(6, 4), Sampled);
        var other = await Generate(wide, [.. Requests(6, 4).Reverse()], Sampled);

        Assert.Equal(Ids(one), Ids(other));
    }

    [Fact]
    public async Task GenerateAsync_calledTwice_givesTheSameBits()
    {
        using var generator = files.Load();

        var first = await Generate(generator, Requests(4, 4), Sampled);
        var second = await Generate(generator, Requests(4, 4), Sampled);

        Assert.Equal(LogProbs(first), LogProbs(second));
    }

    [Fact]
    public async Task GenerateAsync_forkedSamples_haveTheLogProbsOfASampleOnItsOwn()
    {
        using var generator = files.Load();
        var request = Requests(1, 8).Single();

        var forked = await Generate(generator, [request], Sampled);
        for (var i = 0; i < 8; i++)
        {
            var alone = await Generate(generator, [request with { Seeds = [request.Seeds[i]] }], Sampled);

            Assert.Equal(alone[0].Samples[0].TokenIds, forked[0].Samples[i].TokenIds);
            Assert.All(
                alone[0].Samples[0].LogProbs.Zip(forked[0].Samples[i].LogProbs),
                pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        }
    }

    [Fact]
    public async Task GenerateAsync_completionAsPrompt_continuesWithTheSameLogProbs()
    {
        using var generator = files.Load();
        var greedy = new SamplingOptions(Temperature: 0, MaxTokens: 8);
        var letters = Enumerable.Range('!', 90).Select(c => Text($"{(char)c}", $"{(char)c}", 1)).ToArray();
        var whole = (await Generate(generator, letters, greedy)).First(r => r.Samples[0].TokenIds.Take(4).All(id => id < 128));
        var beginning = new string([.. whole.Samples[0].TokenIds.Take(4).Select(id => (char)id)]);

        // Computed as a prompt at once, instead of token by token.
        var rest = (await Generate(generator, [Text("rest", whole.Prompt.Text + beginning, 1)], greedy with { MaxTokens = 4 }))[0];

        Assert.Equal(whole.Samples[0].TokenIds[4..], rest.Samples[0].TokenIds);
        Assert.All(whole.Samples[0].LogProbs[4..].Zip(rest.Samples[0].LogProbs), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public async Task LogProbsAsync_ofItsOwnSamples_areWhatTheyWereDrawnWith()
    {
        using var generator = files.Load();
        var prompts = await Generate(generator, Requests(11, 3), Sampled);

        var sums = await generator.LogProbsAsync(prompts, CancellationToken.None);

        Assert.All(
            prompts.SelectMany(prompt => prompt.Samples).Zip(sums),
            sample => Assert.Equal(sample.First.LogProbs.Sum(), sample.Second, 1e-3));
    }

    [Fact]
    public async Task LogProbsAsync_isOfTheAdapterThatIsOnNow()
    {
        using var generator = files.Load();
        var prompts = await Generate(generator, Requests(2, 2), Sampled);
        var ofBase = await generator.LogProbsAsync(prompts, CancellationToken.None);

        generator.UseAdapter(files.AdapterPath);
        var ofAdapter = await generator.LogProbsAsync(prompts, CancellationToken.None);
        generator.UseAdapter(null);

        Assert.All(ofBase.Zip(ofAdapter), pair => Assert.NotEqual(pair.First, pair.Second, 1e-2));
        Assert.Equal(ofBase, await generator.LogProbsAsync(prompts, CancellationToken.None));
    }

    [Fact]
    public async Task GenerateAsync_promptLongerThanABatch_isComputedInParts()
    {
        using var whole = files.Load();
        using var parts = LlamaGenerator.Load(new LlamaOptions(files.ModelPath, 128, Sequences: 8, BatchTokens: 8));
        var request = Text("long", new string('q', 50), 2);

        Assert.Equal(Ids(await Generate(whole, [request], Sampled)), Ids(await Generate(parts, [request], Sampled)));
    }

    [Fact]
    public async Task GenerateAsync_moreSequencesThanTokensOfABatch_doesNotEndTheProcess()
    {
        // llama.cpp reserves an output for every sequence, and asserts that a batch has room for them.
        using var few = LlamaGenerator.Load(new LlamaOptions(files.ModelPath, 128, Sequences: 8));
        using var many = LlamaGenerator.Load(new LlamaOptions(files.ModelPath, 128, Sequences: 32, BatchTokens: 16));

        Assert.Equal(Ids(await Generate(few, Requests(3, 8), Sampled)), Ids(await Generate(many, Requests(3, 8), Sampled)));
    }

    [Fact]
    public async Task GenerateAsync_asManySequencesAsThereCanBe_leavesAPlaceForThePrompt()
    {
        using var generator = LlamaGenerator.Load(new LlamaOptions(files.ModelPath, 32, Sequences: 255));

        Assert.Equal(3, (await Generate(generator, Requests(1, 3), Sampled with { MaxTokens = 4 })).Single().Samples.Count);
    }

    [Fact]
    public async Task GenerateAsync_promptsThatBeginAlike_areAsEachOnItsOwn()
    {
        // Long common beginnings, one prompt the beginning of another, equal ones, and others between them.
        var start = new string('s', 40);
        string[] texts =
        [
            start,
            start + "a",
            start + "ab",
            start + "abc and more",
            start + "b",
            "t",
            start + "a",
            start[..20],
            start[..20] + "x",
        ];
        GenerationRequest[] requests = [.. texts.Select((text, i) => Text($"p{i}", text, 1))];
        using var one = files.Load(sequences: 1);
        using var many = files.Load(sequences: 32);

        var alone = new List<PromptSamples>();
        foreach (var request in requests)
        {
            alone.AddRange(await Generate(one, [request], Sampled));
        }
        var together = await Generate(many, requests, Sampled);

        Assert.Equal(Ids([.. alone]), Ids(together));
    }

    [Fact]
    public async Task PrefillAsync_promptsThatBeginAlike_haveTheLogitsOfEachOnItsOwn()
    {
        using var generator = files.Load(sequences: 32);
        int[][] prompts =
        [
            .. Enumerable.Range(0, 20).Select(i => (int[])[.. Enumerable.Repeat(65, 30 - i % 3), 70 + i, .. Enumerable.Repeat(66, i % 5)]),
        ];

        var together = await Logits(generator, prompts);

        for (var i = 0; i < prompts.Length; i++)
        {
            var alone = (await Logits(generator, [prompts[i]]))[0];
            Assert.Equal(alone.Index().MaxBy(logit => logit.Item).Index, together[i].Index().MaxBy(logit => logit.Item).Index);
            Assert.All(alone.Zip(together[i]), pair => Assert.Equal(pair.First, pair.Second, 2e-3f));
        }
    }

    [Fact]
    public async Task UseAdapter_onAndOff_changesTheLogProbsAndRestoresThem()
    {
        using var generator = files.Load();

        var before = LogProbs(await Generate(generator, Requests(2, 2), Sampled));
        generator.UseAdapter(files.AdapterPath);
        var with = LogProbs(await Generate(generator, Requests(2, 2), Sampled));
        generator.UseAdapter(files.AdapterPath);
        var again = LogProbs(await Generate(generator, Requests(2, 2), Sampled));
        generator.UseAdapter(null);
        var after = LogProbs(await Generate(generator, Requests(2, 2), Sampled));

        Assert.NotEqual(before, with);
        Assert.Equal(with, again);
        Assert.Equal(before, after);
    }

    [Fact]
    public void UseAdapter_ofAnotherBase_isRefused()
    {
        using var generator = files.Load();

        var error = Assert.Throws<UserInputException>(() => generator.UseAdapter(files.ForeignAdapterPath));

        Assert.Contains(files.ForeignAdapterPath, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UseAdapter_whileGenerating_throws()
    {
        using var generator = files.Load();

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => generator.GenerateAsync(Requests(2, 2), Sampled, _ => generator.UseAdapter(null), CancellationToken.None));
    }

    [Fact]
    public async Task GenerateAsync_promptLongerThanTheContext_namesItAndTheLengths()
    {
        using var generator = files.Load(contextSize: 16);

        var error = await Assert.ThrowsAsync<UserInputException>(() =>
            Generate(generator, [Text("too-long", new string('x', 15), 1)], Sampled));

        Assert.Contains("'too-long' has 16 tokens", error.Message, StringComparison.Ordinal);
        Assert.Contains("generation.context-tokens", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GenerateAsync_contextFull_endsByLength()
    {
        using var generator = files.Load(contextSize: 16);

        var samples = (await Generate(generator, [Text("p", "0123456789", 8)], new SamplingOptions(Temperature: 0, MaxTokens: 100)))[
            0
        ].Samples;

        Assert.All(samples, sample => Assert.Equal((FinishReason.Length, 5), (sample.FinishReason, sample.TokenIds.Length)));
    }

    [Fact]
    public async Task GenerateAsync_cancelled_stopsAndCanBeCalledAgain()
    {
        using var generator = files.Load();
        using var cancellation = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => generator.GenerateAsync(Requests(50, 2), Sampled, _ => cancellation.Cancel(), cancellation.Token));

        Assert.Equal(2, (await Generate(generator, Requests(2, 2), Sampled)).Length);
    }

    [Fact]
    public async Task GeneratedTokens_afterGenerating_isTheirNumber()
    {
        using var generator = files.Load();

        var samples = await Generate(generator, Requests(3, 2), Sampled);

        Assert.Equal(samples.Sum(s => s.Samples.Sum(sample => sample.TokenIds.Length)), generator.GeneratedTokens);
    }

    [Fact]
    public void Load_contextLongerThanTheModels_isShortened()
    {
        using var generator = files.Load(contextSize: 100_000);

        Assert.Equal(128, generator.ContextSize);
    }

    [Theory]
    [InlineData("missing.gguf", null)]
    [InlineData("empty.gguf", "")]
    [InlineData("text.gguf", "this is no model")]
    public void Load_noModel_namesTheFile(string name, string? content)
    {
        var path = files[name];
        if (content is not null)
        {
            File.WriteAllText(path, content);
        }

        var error = Assert.Throws<UserInputException>(() => LlamaGenerator.Load(new LlamaOptions(path, 64)));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    private static GenerationRequest[] Requests(int prompts, int samples) =>
        [.. Enumerable.Range(0, prompts).Select(i => Text($"p{i}", new string('a', i + 1) + "b", samples))];

    private static GenerationRequest Text(string id, string text, int samples) => new(
        new Prompt(id, null, text, null, []), [.. Enumerable.Range(0, samples).Select(s => SampleSeed.Derive(1, 0, id, s))]);

    private static async Task<PromptSamples[]> Generate(LlamaGenerator generator, GenerationRequest[] requests, SamplingOptions options)
    {
        var results = new List<PromptSamples>();
        await generator.GenerateAsync(requests, options, results.Add, CancellationToken.None);
        return [.. results.OrderBy(r => r.Prompt.Id)];
    }

    private static string[] Ids(PromptSamples[] results) =>
        [.. results.SelectMany(r => r.Samples.Select(s => $"{r.Prompt.Id} {s.Index} {s.FinishReason} {string.Join(',', s.TokenIds)}"))];

    private static async Task<float[][]> Logits(LlamaGenerator generator, int[][] prompts)
    {
        var logits = new float[prompts.Length][];
        await generator.PrefillAsync(prompts, (prompt, values) => logits[prompt] = values.ToArray(), CancellationToken.None);
        return logits;
    }

    private static float[] LogProbs(PromptSamples[] results) => [.. results.SelectMany(r => r.Samples.SelectMany(s => s.LogProbs))];
}
