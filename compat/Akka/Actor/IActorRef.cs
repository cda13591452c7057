namespace Akka.Actor;

public interface ICanTell
{
    void Tell(object message, IActorRef sender);
}

/// <summary>A handle on an actor: messages go in, and its path is all that can be seen.</summary>
public interface IActorRef : ICanTell, IEquatable<IActorRef>
{
    ActorPath Path { get; }
}

public static class ActorRefImplicitSenderExtensions
{
    /// <summary>Sends with the actor that is running now as the sender.</summary>
    public static void Tell(this IActorRef receiver, object message) => receiver.Tell(message, ActorCell.Current?.Self);

    /// <summary>Passes a message on with its original sender.</summary>
    public static void Forward(this IActorRef receiver, object message) => receiver.Tell(message, ActorCell.Current?.Sender);
}

public static class ActorRefs
{
    public static readonly Nobody Nobody = new();

    public static readonly IActorRef NoSender;
}

internal static class ActorRefExtensions
{
    public static bool IsNobody(this IActorRef actorRef) => actorRef is null or Nobody or DeadLetterRef;
}
