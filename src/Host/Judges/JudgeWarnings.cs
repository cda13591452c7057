using IterativeDpo.Actors;

namespace IterativeDpo.Host.Judges;

/// <summary>Passes a campaign's progress on and, when a round is over, says off the caller's thread which of the judges' limits it passed.</summary>
internal sealed class JudgeWarnings(IProgress<CampaignProgress> inner, CampaignQuality quality, Action<string> write) : IProgress<CampaignProgress>
{
    private readonly Lock _lock = new();
    private Task _measured = Task.CompletedTask;
    private int _roundsSeen = -1;

    public void Report(CampaignProgress value)
    {
        inner.Report(value);
        lock (_lock)
        {
            var finished = value.State.Rounds.Count(round => round.Outcome is not null);
            // What was finished before this start is not news.
            foreach (var round in value.State.Rounds.Take(finished).Skip(_roundsSeen < 0 ? finished : _roundsSeen))
            {
                _measured = _measured.ContinueWith(_ => Measure(), TaskScheduler.Default);

                void Measure()
                {
                    try
                    {
                        foreach (var judge in quality.Of(round))
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
            _roundsSeen = finished;
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
}
