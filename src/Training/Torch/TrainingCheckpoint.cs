using System.Text.Json;
using IterativeDpo.Artifacts;
using TorchSharp;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// All that a run needs to go on to the same bits: its tensors, and the metrics so far. The data order and the schedules follow from the
/// seed and the number of steps done, which is the length of the history. The tensors' file is written anew each time, the steps before
/// the last are appended to a log: saving costs the same however long the run.
/// </summary>
/// <param name="path">The tensors' file, with the last step; the log is beside it.</param>
/// <param name="key">Names everything that the run depends on.</param>
internal sealed class TrainingCheckpoint(string path, string key) : IDisposable
{
    private readonly RecordLog _steps = new(LogOf(path), key);

    /// <param name="Before">Steps in the log that belong to the tensors; those behind them were logged for a checkpoint that was never
    /// written.</param>
    /// <param name="Last">May get its evaluation yet, so it is not in the log; null before the first step.</param>
    private sealed record Header(int Before, TrainingStep? Last);

    /// <exception cref="Artifacts.Store.StorageException">No space, no permission; the checkpoint before is untouched.</exception>
    public void Save(IReadOnlyList<torch.Tensor> state, IReadOnlyList<TrainingStep> history)
    {
        while (_steps.Count < history.Count - 1)
        {
            _steps.Append(JsonSerializer.SerializeToUtf8Bytes(history[_steps.Count]));
        }
        _steps.Flush();
        StateFile.Write(path, key, JsonSerializer.Serialize(new Header(_steps.Count, history is [.., var last] ? last : null)), state);
    }

    /// <summary>Puts the last saved state in place; gives its history, empty where there is none.</summary>
    /// <exception cref="UserInputException">A file is damaged, or of another run.</exception>
    public List<TrainingStep> Restore(IReadOnlyList<torch.Tensor> state)
    {
        if (StateFile.Read(path, key, state) is not { } text)
        {
            return [];
        }
        var header = JsonSerializer.Deserialize<Header>(text)!;
        var history = new List<TrainingStep>();
        while (history.Count < header.Before)
        {
            history.Add(_steps.Next() is { } step ? JsonSerializer.Deserialize<TrainingStep>(step)! : throw new UserInputException(
                $"{LogOf(path)}: step {history.Count + 1} of the run is missing or damaged. Delete {path}: the run then starts again."));
        }
        if (header.Last is not null)
        {
            history.Add(header.Last);
        }
        return history;
    }

    public void Dispose() => _steps.Dispose();

    private static string LogOf(string path) => Path.ChangeExtension(path, ".steps");
}
