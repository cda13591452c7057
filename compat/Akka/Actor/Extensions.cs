namespace Akka.Actor;

/// <summary>Something an actor system has one of, made when it is first asked for.</summary>
internal interface IExtension;

internal interface IExtensionId
{
    Type ExtensionType { get; }

    object CreateExtension(ExtendedActorSystem system);
}

internal abstract class ExtensionIdProvider<T> : IExtensionId
    where T : IExtension
{
    public Type ExtensionType => typeof(T);

    object IExtensionId.CreateExtension(ExtendedActorSystem system) => CreateExtension(system);

    public T Apply(ActorSystem system) => (T)system.RegisterExtension(this);

    public abstract T CreateExtension(ExtendedActorSystem system);
}
