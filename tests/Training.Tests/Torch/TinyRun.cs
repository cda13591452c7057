using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>Runs of the trainer on a tiny model, in a directory of their own.</summary>
internal sealed class TinyRun : IDisposable
{
    public static readonly ModelConfig Config = TinyModel.Config();

    /// <param name="config">Null for <see cref="Config"/>.</param>
    public TinyRun(ModelConfig? config = null) => TinyModel.Write(Base, config ?? Config);

    public string Folder { get; } = Directory.CreateTempSubdirectory().FullName;

    public string Base => Path.Combine(Folder, "base.gguf");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    public string Output(string name) => Path.Combine(Folder, name + ".gguf");

    /// <summary>Twelve pairs of eight prompts, with a work directory and an output of this name.</summary>
    public TrainingRequest Request(string name, TrainingOptions options) => new(
        Base, null, null, TinyModel.Pairs(12), options, 7, Path.Combine(Folder, name), Output(name),
        new(Digest.OfFile(Base), null, "tests", 1, "{}"), SplitSeed: 3);

    public static TrainingResult Train(TrainingRequest request) => TorchTrainer.Train(request, null, default);

    /// <summary>Trains until this step is reported, and ends there as a killed process does: with what is on the disk.</summary>
    public static void TrainAndDieAt(int step, TrainingRequest request) =>
        Assert.Throws<DeathException>(() => TorchTrainer.Train(request, new At(step, () => throw new DeathException()), default));

    public static void TrainAndInterruptAt(int step, TrainingRequest request)
    {
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => TorchTrainer.Train(request, new At(step, stop.Cancel), stop.Token));
    }

    private sealed class DeathException : Exception;

    private sealed class At(int step, Action action) : IProgress<TrainingStep>
    {
        public void Report(TrainingStep value)
        {
            if (value.Step == step)
            {
                action();
            }
        }
    }
}
