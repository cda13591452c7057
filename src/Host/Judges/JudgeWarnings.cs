using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Judges;

/// <summary>Says of rounds that ended, off the caller's thread, which of the judges' limits they passed.</summary>
internal sealed class JudgeWarnings(MeasuredRounds measured, Action<string> write)
{
    private readonly Lock _lock = new();
    private Task _measured = Task.CompletedTask;

    /// <summary>Measures a round when those before it are.</summary>
    public void Measure(RoundState round)
    {
        lock (_lock)
        {
            _measured = _measured.ContinueWith(_ => Write(round), TaskScheduler.Default);
        }
    }

    /// <summary>Waits until the rounds so far are measured.</summary>
    public Task FinishAsync()
    {
        lock (_lock)
        {
            return _measured;
        }
    }

    private void Write(RoundState round)
    {
        try
        {
            foreach (var judge in measured.Of(round))
            {
                judge.Warnings.ToList().ForEach(warning => write($"warning: round {judge.Round}, judge {judge.Judge}: {warning}"));
            }
        }
        catch (Exception e)
        {
            write($"warning: round {round.Number}: its judges cannot be measured: {e.Message}");
        }
    }
}
