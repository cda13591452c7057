using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Tests.Models;

/// <summary>The bundled seed policy as a judge's model.</summary>
public sealed class LocalModelTests : IAsyncLifetime
{
    private static readonly string SeedModel = Path.Combine(AppContext.BaseDirectory, "models", "seed.gguf");
    private static readonly LlamaOptions Options = new(SeedModel, ContextSize: 128, Sequences: 4);
    private static readonly ChatMessage[] Question = [new("user", "What is 61 + 2?")];

    private readonly ModelQueue _queue = Queue();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _queue.DisposeAsync().AsTask();

    [Fact]
    public async Task ChooseAsync_amongAnswers_agreesWithTheGeneratorsLogits()
    {
        using var generator = LlamaGenerator.Load(Options);
        PromptSamples? samples = null;
        await generator.GenerateAsync(
            [new GenerationRequest(new Prompt("p", Question, null, null, []), [1])],
            new SamplingOptions(Temperature: 0, MaxTokens: 1),
            given => samples = given,
            default);
        await using var model = Model();

        var answer = await model.ChooseAsync(Question, [samples!.Samples[0].Text, "?"], default);

        Assert.Equal(MathF.Exp(samples.Samples[0].LogProbs[0]), answer.Probabilities[0], 1e-5);
        Assert.InRange(answer.Probabilities[1], 0, 1 - answer.Probabilities[0]);
        Assert.Equal(samples.PromptIds.Length, answer.Usage.InputTokens);
    }

    [Fact]
    public async Task AnswerAsync_sameSeed_isTheSameAnswer()
    {
        await using var model = Model();

        var answers = await Task.WhenAll(new ulong[] { 1, 2, 1 }.Select(seed => model.AnswerAsync(Question, 1, 16, seed, default)));

        Assert.Equal(answers[0].Text, answers[2].Text);
        Assert.NotEmpty(answers[1].Text);
        Assert.All(answers, answer => Assert.InRange(answer.Usage.OutputTokens, 1, 16));
    }

    [Fact]
    public async Task AnswerAsync_cutAtItsTokens_isNoAnswer()
    {
        await using var model = Model();

        var error = await Assert.ThrowsAsync<JudgeModelException>(() => model.AnswerAsync(Question, 1, 1, 1, default));

        Assert.Contains("is cut at max-tokens", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnyQuestion_longerThanTheContext_failsAndNamesTheLengths()
    {
        ChatMessage[] longer = [new("user", new string('x', 200))];
        await using var model = Model();

        var chosen = await Assert.ThrowsAsync<JudgeModelException>(() => model.ChooseAsync(longer, ["A", "B"], default));
        var answered = await Assert.ThrowsAsync<JudgeModelException>(() => model.AnswerAsync(Question, 1, 128, 1, default));

        Assert.Matches(
            "the question has 2\\d\\d tokens and its answer may have 1, more together than the judge's context of 128",
            chosen.Message);
        Assert.Contains("its answer may have 128", answered.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckAsync_labelsThatBeginAlike_areRefused()
    {
        await using var model = Model();

        await Assert.ThrowsAsync<UserInputException>(() => model.CheckAsync(Question, ["First", "Fifth"], default));
        await model.CheckAsync(Question, ["A", "B"], default);
        Assert.Throws<InvalidOperationException>(() => _queue.ContextSize);
    }

    [Fact]
    public async Task CheckAsync_noSuchModel_namesIt()
    {
        await using var model = new LocalModel("nowhere.gguf", isPolicy: false, _queue, LlamaTextTokenizer.Load);

        var error = await Assert.ThrowsAsync<UserInputException>(() => model.CheckAsync(Question, [], default));

        Assert.Contains("nowhere.gguf", error.Message, StringComparison.Ordinal);
    }

    private static ModelQueue Queue() => new(() => LlamaGenerator.Load(Options), Options.Sequences);

    private LocalModel Model() => new(SeedModel, isPolicy: true, _queue, LlamaTextTokenizer.Load);
}
