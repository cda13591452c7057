using Akka.Actor;
using Akka.Configuration;

namespace Akka.Event;

public static class Logging
{
    public static ILoggingAdapter GetLogger(this IActorContext context) =>
        new BusLogging(context.System.EventStream, context.Self.Path.ToString(), context.Props.Type);

    public static ILoggingAdapter GetLogger(ActorSystem system, object logSourceObj)
    {
        var type = logSourceObj as Type ?? logSourceObj.GetType();
        var source = logSourceObj as string ?? type.Name;
        return new BusLogging(system.EventStream, $"{source} ({system})", type);
    }

    internal static LogLevel LogLevelFor(string logLevel) => logLevel?.ToUpperInvariant() switch
    {
        "DEBUG" => LogLevel.DebugLevel,
        "INFO" => LogLevel.InfoLevel,
        "WARNING" => LogLevel.WarningLevel,
        "ERROR" => LogLevel.ErrorLevel,
        "OFF" => (LogLevel)int.MaxValue,
        _ => throw new ArgumentException($"Unknown LogLevel: \"{logLevel}\". Valid values are: \"DEBUG\", \"INFO\", \"WARNING\", \"ERROR\", \"OFF\"", nameof(logLevel)),
    };

    internal static Type ClassFor(LogLevel level) => level switch
    {
        LogLevel.DebugLevel => typeof(Debug),
        LogLevel.InfoLevel => typeof(Info),
        LogLevel.WarningLevel => typeof(Warning),
        _ => typeof(Error),
    };
}

/// <summary>Asks a logger to make ready; it answers with <see cref="LoggerInitialized"/>.</summary>
public class InitializeLogger
{
    internal InitializeLogger()
    {
    }
}

public class LoggerInitialized;

/// <summary>Prints log entries to standard output.</summary>
internal sealed class DefaultLogger : ActorBase
{
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                return true;
            case LogEvent entry:
                Console.Out.WriteLine(entry);
                return true;
            default:
                return false;
        }
    }
}

/// <summary>Starts the loggers of <c>akka.loggers</c>, each subscribed to the configured level and above.</summary>
internal static class Loggers
{
    internal static void Start(LocalActorSystem system)
    {
        var started = new List<Task>();
        foreach (var name in system.Settings.Loggers)
        {
            var type = TypeNames.Find(name) ?? throw new ConfigurationException($"Logger specified in config cannot be found: \"{name}\"");
            var logger = system.SystemActorOf(Props.Create(type), $"log{started.Count + 1}-{type.Name}");
            started.Add(logger.Ask<LoggerInitialized>(new InitializeLogger(), system.Settings.LoggerStartTimeout));
            foreach (var level in Enum.GetValues<LogLevel>().Where(level => level >= system.EventStream.LogLevel))
                system.EventStream.Subscribe(logger, Logging.ClassFor(level));
        }

        Task.WaitAll(started);
    }
}
