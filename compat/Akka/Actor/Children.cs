namespace Akka.Actor;

/// <summary>One child: its reference, whether it was told to stop, and how often it was restarted.</summary>
internal sealed class Child(LocalActorRef actor)
{
    private int _restarts;
    private long _windowStart;

    internal LocalActorRef Ref => actor;

    internal bool IsStopping { get; set; }

    /// <summary>Counts one more restart; false where that is more than <paramref name="limit"/> within the window.</summary>
    /// <param name="limit">Restarts allowed, -1 for no limit.</param>
    /// <param name="windowMilliseconds">The span they are counted in, -1 for all time.</param>
    internal bool MayRestart(int limit, int windowMilliseconds)
    {
        if (limit == 0) return false;
        if (windowMilliseconds > 0) return MayRestartWithin(limit < 0 ? 1 : limit, windowMilliseconds);
        return limit < 0 || ++_restarts <= limit;
    }

    private bool MayRestartWithin(int limit, int windowMilliseconds)
    {
        var now = Environment.TickCount64;
        if (_restarts == 0 || now - _windowStart > windowMilliseconds)
        {
            _windowStart = now;
            _restarts = 1;
            return true;
        }

        return ++_restarts <= limit;
    }
}

/// <summary>The children of an actor by name. Guarded: top-level actors are started from any thread.</summary>
internal sealed class Children(LocalActorRef parent)
{
    private static long s_lastUid;

    private readonly Dictionary<string, Child> _children = [];
    private readonly Lock _lock = new();
    private long _unnamed;

    internal bool AnyStopping
    {
        get
        {
            lock (_lock) return _children.Values.Any(child => child.IsStopping);
        }
    }

    internal LocalActorRef Start(ActorSystem system, Props props, string name)
    {
        ArgumentNullException.ThrowIfNull(props);
        if (name is not null && !ActorPath.IsValidPathElement(name))
            throw new InvalidActorNameException($"Illegal actor name [{name}]. Actor paths MUST: not start with `$`, include only ASCII letters and can only contain these special characters: -_.*$+:@&=,!~';%().");
        LocalActorRef actor;
        lock (_lock)
        {
            name ??= NextName();
            if (_children.ContainsKey(name)) throw new InvalidActorNameException($"Actor name \"{name}\" is not unique!");
            actor = new LocalActorRef(system, props, parent, new ActorPath(parent.Path, name, Interlocked.Increment(ref s_lastUid)));
            _children.Add(name, new Child(actor));
        }

        actor.Send(new Create());
        return actor;
    }

    internal LocalActorRef Find(string name)
    {
        lock (_lock) return _children.GetValueOrDefault(name)?.Ref;
    }

    /// <summary>The record of <paramref name="actor"/> if it is a child now, and not an earlier one of the same name.</summary>
    internal Child Find(ActorRefBase actor)
    {
        lock (_lock) return _children.TryGetValue(actor.Path.Name, out var child) && child.Ref == actor ? child : null;
    }

    internal List<Child> Snapshot()
    {
        lock (_lock) return [.. _children.Values];
    }

    internal void Remove(Child child)
    {
        lock (_lock) _children.Remove(child.Ref.Path.Name);
    }

    private string NextName()
    {
        const string digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";
        var name = "$";
        var number = _unnamed++;
        do
        {
            name += digits[(int)(number & 63)];
            number >>= 6;
        }
        while (number > 0);
        return name;
    }
}
