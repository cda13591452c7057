namespace IterativeDpo.Host.Terminal;

/// <summary>Shows on standard error how far work is; safe to use from any thread while the work runs.</summary>
public interface IProgressDisplay
{
    /// <summary>Runs the work with the display up.</summary>
    Task<T> DuringAsync<T>(Func<Task<T>> work);

    /// <summary>Shows how far the stage that runs is.</summary>
    void Show(StageView view);

    /// <summary>Shows a line that stays.</summary>
    void Note(string line);
}

public static class ProgressDisplay
{
    /// <summary>Bars on a terminal, plain lines elsewhere.</summary>
    public static IProgressDisplay Create(TimeProvider time) =>
        Terminals.ErrorIsTerminal ? new BarProgress() : new PlainProgress(Console.Error, time);
}
