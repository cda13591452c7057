namespace Akka.Actor;

/// <summary>Base of the exceptions of the actor library.</summary>
public abstract class AkkaException : Exception
{
    protected AkkaException()
    {
    }

    protected AkkaException(string? message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
