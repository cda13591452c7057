using IterativeDpo.Actors;

namespace IterativeDpo.Host.Terminal;

/// <summary>Shows a campaign's progress on standard error.</summary>
public interface IProgressDisplay : IProgress<CampaignProgress>
{
    /// <summary>Runs the work with the display up.</summary>
    Task<T> DuringAsync<T>(Func<Task<T>> work);

    /// <summary>Shows a line that stays; safe to call from any thread.</summary>
    void Note(string line);
}

public static class ProgressDisplay
{
    /// <summary>Bars on a terminal, plain lines elsewhere.</summary>
    public static IProgressDisplay Create(TimeProvider time) =>
        Terminals.ErrorIsTerminal ? new BarProgress() : new PlainProgress(Console.Error, time);
}
