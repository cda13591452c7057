using IterativeDpo.Generation;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Judging.Tests;

public class GreedyAccuracyTests
{
    [Fact]
    public async Task MeasureAsync_someRight_countsByTask()
    {
        Prompt[] prompts =
        [
            Asking("a", "x", "1"),
            Asking("b", "x", "2"),
            Asking("c", "y", "1"),
            Asking("d", null, "1"),
            new("e", null, "?", "z", []),
        ];

        var accuracy = await GreedyAccuracy.MeasureAsync(new AlwaysOne(), new VerifierJudge(), prompts, 5, CancellationToken.None);

        Assert.Equal([new("other", 1, 1), new("x", 1, 2), new TaskAccuracy("y", 1, 1)], accuracy);
        Assert.Equal(0.5, accuracy[1].Accuracy);
    }

    [Fact]
    public async Task MeasureAsync_anyPrompts_decodesGreedilyWithinTheLimit()
    {
        var generator = new AlwaysOne();

        await GreedyAccuracy.MeasureAsync(generator, new VerifierJudge(), [Asking("a", "x", "1")], 5, CancellationToken.None);

        Assert.Equal((0, 5), (generator.Options!.Temperature, generator.Options.MaxTokens));
    }

    private static Prompt Asking(string id, string? task, string answer) => new(id, null, "?", task, [new("exact", answer)]);

    private sealed class AlwaysOne : IGenerator
    {
        public SamplingOptions? Options { get; private set; }

        public int ContextSize => 10;

        public long GeneratedTokens => 0;

        public void UseAdapter(string? adapterPath) { }

        public int[] Tokenize(Prompt prompt) => [1];

        public Task GenerateAsync(
            IReadOnlyList<GenerationRequest> requests,
            SamplingOptions options,
            Action<PromptSamples> onFinished,
            CancellationToken cancellationToken)
        {
            Options = options;
            foreach (var request in requests)
            {
                onFinished(new PromptSamples(request.Prompt, [1], [Samples.Of(0, "1")]));
            }
            return Task.CompletedTask;
        }

        public Task<double[]> LogProbsAsync(IReadOnlyList<PromptSamples> prompts, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public void Dispose() { }
    }
}
