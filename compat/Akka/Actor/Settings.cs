using Akka.Configuration;

namespace Akka.Actor;

/// <summary>The configuration of an actor system, and what the runtime reads of it.</summary>
public class Settings
{
    internal Settings(Config config)
    {
        Config = config;
        AskTimeout = config.GetTimeSpan("akka.actor.ask-timeout", Timeout.InfiniteTimeSpan);
        LogLevel = config.GetString("akka.loglevel");
        StdoutLogLevel = config.GetString("akka.stdout-loglevel");
        Loggers = config.GetStringList("akka.loggers");
        LoggerStartTimeout = config.GetTimeSpan("akka.logger-startup-timeout");
        CoordinatedShutdownTerminateActorSystem = config.GetBoolean("akka.coordinated-shutdown.terminate-actor-system");
        CoordinatedShutdownRunByActorSystemTerminate = config.GetBoolean("akka.coordinated-shutdown.run-by-actor-system-terminate");
    }

    public Config Config { get; }

    internal TimeSpan AskTimeout { get; }

    internal string LogLevel { get; }

    internal string StdoutLogLevel { get; }

    internal IList<string> Loggers { get; }

    internal TimeSpan LoggerStartTimeout { get; }

    internal bool CoordinatedShutdownTerminateActorSystem { get; }

    internal bool CoordinatedShutdownRunByActorSystemTerminate { get; }
}
