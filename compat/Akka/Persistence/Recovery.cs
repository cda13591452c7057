using Akka.Actor;

namespace Akka.Persistence;

/// <summary>The last message of a recovery: what comes after it are commands.</summary>
public sealed class RecoveryCompleted
{
    public static readonly RecoveryCompleted Instance = new();

    private RecoveryCompleted()
    {
    }
}

/// <summary>The journal or the snapshot store was silent for <c>recovery-event-timeout</c>.</summary>
internal sealed class RecoveryTimedOutException : AkkaException
{
    internal RecoveryTimedOutException(string message)
        : base(message)
    {
    }
}
