using Akka.Actor;
using Akka.Event;

namespace IterativeDpo.Actors;

/// <summary>
/// Writes the actor system's log to standard error, a line to an event. That nodes come and go is told by them, not here. Whoever reaches a
/// port can have something logged for each connection: so what one part of Akka says is limited.
/// </summary>
public sealed class StandardErrorLogger : ReceiveActor
{
    private const int LongestLine = 400;

    private readonly LogLimit _limit = new();

    public StandardErrorLogger()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(Write);
    }

    private void Write(LogEvent log)
    {
        if (LineOf(log.Message.ToString()!, log.Cause?.GetBaseException().Message) is { } line
            && _limit.Take(log.LogClass, log.Timestamp, line) is { } admitted)
        {
            Console.Error.WriteLine(admitted);
        }
    }

    /// <returns>Null where there is nothing to tell: that another node is gone is retried, and logged, each second.</returns>
    internal static string? LineOf(string message, string? cause) => IsOfALostNode(message) ? null
        : InOneLine(cause is null || message.Contains(cause, StringComparison.Ordinal) ? message : $"{message} {cause}");

    private static string InOneLine(string text)
    {
        var line = string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return line.Length <= LongestLine ? line : $"{line[..LongestLine]}…";
    }

    private static bool IsOfALostNode(string message) =>
        message == "Disassociated"
        || message.Contains("Marking node(s) as UNREACHABLE", StringComparison.Ordinal)
        || (message.Contains("address is now gated", StringComparison.OrdinalIgnoreCase)
            && (
                message.Contains("Disassociated", StringComparison.Ordinal)
                || message.Contains("Connection refused", StringComparison.Ordinal)));
}

/// <summary>Lets some lines of each source through at once, and one now and then after that; it says how many were left out.</summary>
internal sealed class LogLimit
{
    private const int AtOnce = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Dictionary<Type, (double Free, DateTime At, long LeftOut)> _sources = [];

    /// <returns>Null where the line is left out.</returns>
    public string? Take(Type source, DateTime at, string line)
    {
        var known = _sources.GetValueOrDefault(source, (AtOnce, at, 0));
        var free = Math.Min(AtOnce, known.Free + ((at - known.At) / Pause));
        if (free < 1)
        {
            _sources[source] = (free, at, known.LeftOut + 1);
            return null;
        }
        _sources[source] = (free - 1, at, 0);
        return known.LeftOut == 0 ? line : $"{line} ({known.LeftOut} more of {source.Name} were left out)";
    }
}
