namespace Akka.Event;

public enum LogLevel
{
    DebugLevel,
    InfoLevel,
    WarningLevel,
    ErrorLevel,
}

/// <summary>One log entry, as the event stream carries it to the loggers.</summary>
public abstract class LogEvent
{
    private protected LogEvent(Exception cause, string logSource, Type logClass, object message)
    {
        Cause = cause;
        LogSource = logSource;
        LogClass = logClass;
        Message = message;
        Timestamp = DateTime.UtcNow;
    }

    public Exception Cause { get; }

    public DateTime Timestamp { get; }

    public string LogSource { get; }

    public Type LogClass { get; }

    /// <summary>A text, or something whose text is made when it is asked for.</summary>
    public object Message { get; }

    public abstract LogLevel LogLevel();

    public override string ToString() =>
        $"[{LogLevel().ToString().Replace("Level", "").ToUpperInvariant()}][{Timestamp:MM/dd/yyyy HH:mm:ss.fff}][{LogSource}] {Message}{(Cause is null ? "" : $"{Environment.NewLine}Cause: {Cause}")}";
}

public class Debug(Exception cause, string logSource, Type logClass, object message) : LogEvent(cause, logSource, logClass, message)
{
    public override LogLevel LogLevel() => Event.LogLevel.DebugLevel;
}

public class Info(Exception cause, string logSource, Type logClass, object message) : LogEvent(cause, logSource, logClass, message)
{
    public override LogLevel LogLevel() => Event.LogLevel.InfoLevel;
}

public class Warning(Exception cause, string logSource, Type logClass, object message) : LogEvent(cause, logSource, logClass, message)
{
    public override LogLevel LogLevel() => Event.LogLevel.WarningLevel;
}

public class Error(Exception cause, string logSource, Type logClass, object message) : LogEvent(cause, logSource, logClass, message)
{
    public override LogLevel LogLevel() => Event.LogLevel.ErrorLevel;
}
