using System.Text.Json;
using TorchSharp;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// All that a run needs to go on to the same bits: its tensors, and the metrics so far. The data order and the schedules follow from the
/// seed and the number of steps done, which is the length of the history.
/// </summary>
/// <param name="key">Names everything that the run's bits depend on.</param>
internal sealed class TrainingCheckpoint(string path, string key)
{
    public void Save(IReadOnlyList<torch.Tensor> state, IReadOnlyList<TrainingStep> history) =>
        StateFile.Write(path, key, JsonSerializer.Serialize(history), state);

    /// <summary>Puts the last saved state in place; gives its history, empty where there is none.</summary>
    /// <exception cref="Artifacts.UserInputException">The file is damaged, or of another run.</exception>
    public List<TrainingStep> Restore(IReadOnlyList<torch.Tensor> state) =>
        StateFile.Read(path, key, state) is { } header ? JsonSerializer.Deserialize<List<TrainingStep>>(header)! : [];
}
