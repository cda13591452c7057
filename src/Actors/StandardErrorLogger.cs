using Akka.Actor;
using Akka.Event;

namespace IterativeDpo.Actors;

/// <summary>Writes the actor system's log to standard error, a line to an event.</summary>
public sealed class StandardErrorLogger : ReceiveActor
{
    public StandardErrorLogger()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(Write);
    }

    private static void Write(LogEvent log)
    {
        var message = log.Message.ToString()!;
        var cause = log.Cause?.GetBaseException().Message;
        Console.Error.WriteLine(cause is null || message.Contains(cause, StringComparison.Ordinal) ? message : $"{message} {cause}");
    }
}
