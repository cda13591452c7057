using Akka.Actor;
using Akka.Event;

namespace IterativeDpo.Actors;

/// <summary>Writes the actor system's log to standard error, a line to an event. That nodes come and go is told by them, not here.</summary>
public sealed class StandardErrorLogger : ReceiveActor
{
    public StandardErrorLogger()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(Write);
    }

    private static void Write(LogEvent log)
    {
        if (LineOf(log.Message.ToString()!, log.Cause?.GetBaseException().Message) is { } line)
        {
            Console.Error.WriteLine(line);
        }
    }

    /// <returns>Null where there is nothing to tell: that another node is gone is retried, and logged, each second.</returns>
    internal static string? LineOf(string message, string? cause) => IsOfALostNode(message) ? null
        : cause is null || message.Contains(cause, StringComparison.Ordinal) ? message
        : $"{message} {cause}";

    private static bool IsOfALostNode(string message) =>
        message == "Disassociated"
        || message.Contains("Marking node(s) as UNREACHABLE", StringComparison.Ordinal)
        || (message.Contains("address is now gated", StringComparison.OrdinalIgnoreCase)
            && (message.Contains("Disassociated", StringComparison.Ordinal) || message.Contains("Connection refused", StringComparison.Ordinal)));
}
