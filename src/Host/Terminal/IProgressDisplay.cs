using IterativeDpo.Actors;

namespace IterativeDpo.Host.Terminal;

/// <summary>Shows a campaign's progress on standard error.</summary>
public interface IProgressDisplay : IProgress<CampaignProgress>
{
    /// <summary>Runs the work with the display up.</summary>
    Task<T> DuringAsync<T>(Func<Task<T>> work);
}

public static class ProgressDisplay
{
    /// <summary>Bars on a terminal, plain lines elsewhere.</summary>
    public static IProgressDisplay Create(TimeProvider time) =>
        Terminals.ErrorIsTerminal ? new BarProgress() : new PlainProgress(Console.Error, time);
}
