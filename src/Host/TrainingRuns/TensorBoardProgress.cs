using IterativeDpo.Actors;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Training;

namespace IterativeDpo.Host.TrainingRuns;

/// <summary>
/// A campaign's training steps and accuracies as TensorBoard's events, the steps of all rounds one after the other. A campaign does not
/// fail for want of them.
/// </summary>
/// <param name="note">Told, once, that they cannot be written.</param>
internal sealed class TensorBoardProgress(string directory, Action<string> note, TimeProvider time)
    : IProgress<CampaignProgress>,
        IDisposable
{
    private readonly Lock _lock = new();
    private readonly TensorBoardLog _log = new(directory, time);
    private long _lastStep;
    private int _rounds = -1;
    private bool _failed;

    public void Report(CampaignProgress value)
    {
        lock (_lock)
        {
            var rounds = value.State.Rounds;
            var ended = rounds.Count(round => round.Outcome is not null);
            // What was there before this start was written then.
            for (var i = _rounds < 0 ? ended : _rounds; i < ended; i++)
            {
                Write(
                    StepsBefore(value.State, i + 1),
                    [new("eval/heldout_accuracy", rounds[i].HeldOut.Accuracy()), new("eval/pairs", rounds[i].Pairs?.PairCount ?? 0)]);
            }
            _rounds = ended;
            // A training that is tried again reports steps again.
            if (value.Work is { Id.Stage: Stage.Train } work
                && StepsBefore(value.State, work.Id.Round) + work.Done is var step
                && step > _lastStep)
            {
                Write(_lastStep = step, work.Metrics);
            }
        }
    }

    public void Dispose() => _log.Dispose();

    private static long StepsBefore(CampaignState state, int round) =>
        state.Rounds.Take(round).Sum(one => (long)(one.Training?.Steps ?? 0));

    private void Write(long step, IEnumerable<KeyValuePair<string, double>> scalars)
    {
        if (_failed)
        {
            return;
        }
        try
        {
            _log.Write(step, scalars);
        }
        catch (StorageException e)
        {
            _failed = true;
            note($"warning: {e.Message}");
        }
    }
}
