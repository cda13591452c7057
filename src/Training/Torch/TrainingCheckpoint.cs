using System.Text.Json;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// All that a run needs to go on to the same bits: parameters, moments and the metrics so far. The data order follows
/// from the seed and the number of steps done, which is the length of the history.
/// </summary>
internal sealed class TrainingCheckpoint(string path)
{
    public void Save(ParameterBuffer parameters, AdamW optimiser, IReadOnlyList<TrainingStep> history) =>
        StateFile.Write(path, JsonSerializer.Serialize(history),
            Floats.Of(parameters.Values), Floats.Of(optimiser.FirstMoments), Floats.Of(optimiser.SecondMoments));

    /// <summary>Puts the last saved state in place; gives its history, empty where there is none.</summary>
    public List<TrainingStep> Restore(ParameterBuffer parameters, AdamW optimiser)
    {
        if (StateFile.Read(path) is not { } state)
        {
            return [];
        }
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        parameters.Values.copy_(tensor(state.Arrays[0]));
        optimiser.FirstMoments.copy_(tensor(state.Arrays[1]));
        optimiser.SecondMoments.copy_(tensor(state.Arrays[2]));
        var history = JsonSerializer.Deserialize<List<TrainingStep>>(state.Header)!;
        optimiser.Steps = history.Count;
        return history;
    }
}
