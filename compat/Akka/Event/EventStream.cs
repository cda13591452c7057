using System.Collections.Concurrent;
using Akka.Actor;

namespace Akka.Event;

/// <summary>Carries messages to whoever subscribed to their type, or to a base type or interface of it.</summary>
public class EventStream
{
    private readonly Lock _lock = new();
    private readonly WatcherRef _watcher;
    private readonly HashSet<(IActorRef Subscriber, Type Channel)> _subscriptions = [];
    private ConcurrentDictionary<Type, IActorRef[]> _subscribersByType = new();

    internal EventStream(ActorPath root, LogLevel logLevel)
    {
        LogLevel = logLevel;
        _watcher = new WatcherRef(new ActorPath(root, "eventStream", 0), ended => Unsubscribe(ended));
    }

    internal LogLevel LogLevel { get; }

    public bool Subscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        lock (_lock)
        {
            if (!_subscriptions.Add((subscriber, channel))) return false;
            _subscribersByType = new();
        }

        // Out of the lock: an actor that has ended already answers at once.
        ((ActorRefBase)subscriber).Send(new Watch(_watcher));
        return true;
    }

    public bool Unsubscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        return Remove(subscription => subscription.Subscriber == subscriber && subscription.Channel == channel);
    }

    public bool Unsubscribe(IActorRef subscriber)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        return Remove(subscription => subscription.Subscriber == subscriber);
    }

    public void Publish(object @event)
    {
        foreach (var subscriber in SubscribersOf(@event.GetType())) subscriber.Tell(@event, ActorRefs.NoSender);
    }

    private IActorRef[] SubscribersOf(Type type)
    {
        if (_subscribersByType.TryGetValue(type, out var subscribers)) return subscribers;
        lock (_lock)
        {
            subscribers = [.. _subscriptions.Where(subscription => subscription.Channel.IsAssignableFrom(type)).Select(subscription => subscription.Subscriber).Distinct()];
            _subscribersByType[type] = subscribers;
            return subscribers;
        }
    }

    private bool Remove(Predicate<(IActorRef Subscriber, Type Channel)> match)
    {
        lock (_lock)
        {
            _subscribersByType = new();
            return _subscriptions.RemoveWhere(match) > 0;
        }
    }
}
