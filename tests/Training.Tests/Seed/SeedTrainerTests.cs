using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Generation.Tasks;
using IterativeDpo.Training.Seed;

namespace IterativeDpo.Training.Tests.Seed;

public sealed class SeedTrainerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("seed-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task RunAsync_aFewSteps_learnsAndWritesAModelWithItsRecipe()
    {
        var losses = new List<double>();
        var options = Options("seed.gguf") with { CleanSteps = 12, WarmupSteps = 2 };

        var recipe = await SeedTrainer.RunAsync(options, new Recorder(losses), CancellationToken.None);

        Assert.Equal(13, losses.Count);
        Assert.InRange(losses[0], 5.4, 5.8); // log 264
        Assert.True(losses[^1] < losses[0] - 1);
        Assert.Equal(Digest.OfFile(options.OutputPath).Hex, recipe.Sha256);
        Assert.Contains(recipe.Sha256, await File.ReadAllTextAsync(Path.ChangeExtension(options.OutputPath, ".json")));
    }

    [Fact]
    public async Task RunAsync_twice_writesTheSameBytes()
    {
        var first = await SeedTrainer.RunAsync(Options("a.gguf"), null, CancellationToken.None);
        var second = await SeedTrainer.RunAsync(Options("b.gguf"), null, CancellationToken.None);

        Assert.Equal(first.Sha256, second.Sha256);
    }

    [Fact]
    public async Task RunAsync_cancelled_writesNothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            SeedTrainer.RunAsync(Options("c.gguf"), null, new CancellationToken(true)));

        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public void Tokenize_taskPrompts_givesTheIdsThatTheSeedIsTrainedOn()
    {
        var path = Path.Combine(_directory, "untrained.gguf");
        ModelWriter.Write(path, "untrained", SeedModel.Config, name => SeedModel.InitialValues(name, 1), TensorType.F16);
        using var generator = LlamaGenerator.Load(new LlamaOptions(path, ContextSize: 256));
        var prompts = TaskGenerator.Prompts(1, [.. TaskTable.All.Select(task => task.Name)], 48, Split.Train);

        Assert.All(
            prompts,
            prompt => Assert.Equal(ByteVocabulary.EncodeQuestion(prompt.Messages![0].Content!), generator.Tokenize(prompt)));
    }

    private SeedOptions Options(string file) =>
        new(Path.Combine(_directory, file), Threads: 1, CleanSteps: 1, NoisySteps: 1, BatchExamples: 8, HeldOutPerTask: 1);

    private sealed class Recorder(List<double> losses) : IProgress<SeedProgress>
    {
        public void Report(SeedProgress value) => losses.Add(value.Loss);
    }
}
