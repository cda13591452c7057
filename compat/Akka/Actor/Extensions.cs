namespace Akka.Actor;

/// <summary>Something an actor system has one of, made when it is first asked for.</summary>
public interface IExtension;

public interface IExtensionId
{
    Type ExtensionType { get; }

    object CreateExtension(ExtendedActorSystem system);
}

public abstract class ExtensionIdProvider<T> : IExtensionId
    where T : IExtension
{
    public Type ExtensionType => typeof(T);

    object IExtensionId.CreateExtension(ExtendedActorSystem system) => CreateExtension(system);

    public T Apply(ActorSystem system) => (T)system.RegisterExtension(this);

    public T Get(ActorSystem system) => Apply(system);

    public abstract T CreateExtension(ExtendedActorSystem system);
}
