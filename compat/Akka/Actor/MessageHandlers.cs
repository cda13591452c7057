namespace Akka.Actor;

/// <summary>An ordered table of handlers by message type; the first that takes a message ends the search.</summary>
internal sealed class MessageHandlers
{
    private readonly List<Func<object, bool>> _handlers = [];
    private Func<object, bool>[] _built;
    private bool _takesAll;

    internal void Add<T>(Action<T> handler, Predicate<T> shouldHandle)
    {
        EnsureOpen();
        _takesAll = typeof(T) == typeof(object) && shouldHandle is null;
        _handlers.Add(message =>
        {
            if (message is not T typed || (shouldHandle is not null && !shouldHandle(typed))) return false;
            handler(typed);
            return true;
        });
    }

    internal void Add<T>(Func<T, bool> handler)
    {
        EnsureOpen();
        _handlers.Add(message => message is T typed && handler(typed));
    }

    internal MessageHandlers Build()
    {
        _built = [.. _handlers];
        return this;
    }

    internal bool Handle(object message)
    {
        foreach (var handler in _built)
        {
            if (handler(message)) return true;
        }

        return false;
    }

    private void EnsureOpen()
    {
        if (_built is not null) throw new InvalidOperationException("You may only call Receive-methods when constructing the actor and inside Become().");
        if (_takesAll) throw new InvalidOperationException("A handler that catches all messages has been added. No handler can be added after that.");
    }
}
