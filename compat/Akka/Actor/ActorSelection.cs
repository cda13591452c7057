namespace Akka.Actor;

/// <summary>A path that is looked up anew for every message.</summary>
public class ActorSelection : ICanTell
{
    private readonly string[] _elements;
    private readonly bool _isAbsolute;

    internal ActorSelection(LocalActorRef anchor, string path)
    {
        Anchor = anchor;
        var root = anchor.Cell.System.RootPath.ToString();
        if (path.StartsWith(root, StringComparison.Ordinal)) path = "/" + path[root.Length..];
        _isAbsolute = path.StartsWith('/');
        _elements = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
    }

    internal LocalActorRef Anchor { get; }

    public void Tell(object message, IActorRef sender = null)
    {
        if (Find() is { } actor) actor.Tell(message, sender);
        else Anchor.Cell.System.DeadLetters.Tell(message, sender);
    }

    /// <exception cref="ActorNotFoundException">No actor is at this path, or it gave no answer in time.</exception>
    public async Task<IActorRef> ResolveOne(TimeSpan timeout)
    {
        try
        {
            var actor = Find() ?? throw new ActorNotFoundException($"Failed to resolve ActorSelection [{this}]");
            var identity = await actor.Ask<ActorIdentity>(new Identify(null), timeout).ConfigureAwait(false);
            return identity.Subject.IsNobody() ? throw new ActorNotFoundException("subject was null") : identity.Subject;
        }
        catch (AskTimeoutException)
        {
            throw new ActorNotFoundException($"Timeout while trying to resolve ActorSelection [{this}]");
        }
    }

    public override string ToString() => $"ActorSelection[Anchor({Anchor.Path}), Path({(_isAbsolute ? "/" : "")}{string.Join('/', _elements)})]";

    private LocalActorRef Find()
    {
        var found = _isAbsolute ? null : Anchor;
        for (var i = 0; i < _elements.Length; i++)
        {
            if (i == 0 && _isAbsolute) found = Anchor.Cell.System.Guardian(_elements[0]);
            else if (_elements[i] == "..") found = found.Parent as LocalActorRef;
            else found = found.Cell.Children.Find(_elements[i]);
            if (found is null) return null;
        }

        return found;
    }
}
