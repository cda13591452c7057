namespace Akka.Event;

/// <summary>Writes log entries for one source.</summary>
public interface ILoggingAdapter
{
    bool IsEnabled(LogLevel logLevel);

    void Log(LogLevel logLevel, Exception cause, string format);

    void Log(LogLevel logLevel, Exception cause, LogMessage message);
}

/// <summary>A format with its arguments; the text is made only if a logger wants it.</summary>
public abstract class LogMessage
{
    private protected LogMessage()
    {
    }
}

internal sealed class FormattedLogMessage(string format, object[] arguments) : LogMessage
{
    public override string ToString() => string.Format(format, arguments);
}

/// <summary>Publishes log entries on the event stream.</summary>
internal sealed class BusLogging(EventStream bus, string source, Type type) : ILoggingAdapter
{
    public bool IsEnabled(LogLevel logLevel) => bus.LogLevel <= logLevel;

    public void Log(LogLevel logLevel, Exception cause, string format) => Publish(logLevel, cause, format);

    public void Log(LogLevel logLevel, Exception cause, LogMessage message) => Publish(logLevel, cause, message);

    private void Publish(LogLevel logLevel, Exception cause, object message) => bus.Publish(logLevel switch
    {
        LogLevel.DebugLevel => new Debug(cause, source, type, message),
        LogLevel.InfoLevel => new Info(cause, source, type, message),
        LogLevel.WarningLevel => new Warning(cause, source, type, message),
        _ => (LogEvent)new Error(cause, source, type, message),
    });
}
