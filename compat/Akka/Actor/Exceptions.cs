namespace Akka.Actor;

public abstract class AkkaException : Exception
{
    protected AkkaException(string message, Exception cause = null)
        : base(message, cause)
    {
    }
}

internal class ActorInitializationException : AkkaException
{
    internal ActorInitializationException(string message)
        : base(message)
    {
    }

    internal ActorInitializationException(IActorRef actor, string message, Exception cause)
        : base(message, cause) => Actor = actor;

    public IActorRef Actor { get; }
}

internal class PreRestartException : ActorInitializationException
{
    internal PreRestartException(IActorRef actor, Exception restartException, Exception cause, object optionalMessage)
        : base(actor, $"Exception pre restart ({restartException.GetType()})", cause)
    {
        RestartException = restartException;
        OptionalMessage = optionalMessage;
    }

    public Exception RestartException { get; }

    public object OptionalMessage { get; }
}

internal class PostRestartException : ActorInitializationException
{
    internal PostRestartException(IActorRef actor, Exception cause, Exception originalCause)
        : base(actor, $"Exception post restart ({originalCause.GetType()})", cause) => OriginalCause = originalCause;

    public Exception OriginalCause { get; }
}

internal class ActorKilledException : AkkaException
{
    internal ActorKilledException(string message)
        : base(message)
    {
    }
}

/// <summary>A watched actor ended and the watcher had no handler for it.</summary>
internal class DeathPactException : AkkaException
{
    internal DeathPactException(IActorRef deadActor)
        : base($"Monitored actor [{deadActor}] terminated") => DeadActor = deadActor;

    public IActorRef DeadActor { get; }
}

internal class IllegalActorStateException : AkkaException
{
    internal IllegalActorStateException(string message)
        : base(message)
    {
    }
}

public class InvalidActorNameException : AkkaException
{
    internal InvalidActorNameException(string message)
        : base(message)
    {
    }
}

internal class InvalidMessageException : AkkaException
{
    internal InvalidMessageException(string message)
        : base(message)
    {
    }
}

public class AskTimeoutException : AkkaException
{
    internal AskTimeoutException(string message)
        : base(message)
    {
    }
}

public class ActorNotFoundException : AkkaException
{
    internal ActorNotFoundException(string message)
        : base(message)
    {
    }
}
