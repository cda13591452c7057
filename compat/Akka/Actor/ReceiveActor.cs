namespace Akka.Actor;

/// <summary>An actor that lists its message handlers by type, in its constructor and inside <see cref="Become(Action)"/>.</summary>
public abstract class ReceiveActor : UntypedActor
{
    private readonly Stack<MessageHandlers> _open = new([new MessageHandlers()]);
    private MessageHandlers _initial;

    protected ReceiveActor()
    {
    }

    private MessageHandlers Open => _open.Count > 0
        ? _open.Peek()
        : throw new InvalidOperationException("You may only call Receive-methods when constructing the actor and inside Become().");

    internal override void EndConstruction() => _initial = _open.Pop().Build();

    protected sealed override void OnReceive(object message) => Dispatch(_initial, message);

    protected void Become(Action configure) => Become(Behavior(configure));

    protected void BecomeStacked(Action configure) => BecomeStacked(Behavior(configure));

    protected void Receive<T>(Action<T> handler, Predicate<T> shouldHandle = null) => Open.Add(handler, shouldHandle);

    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler) => Open.Add(handler, shouldHandle);

    protected void Receive<T>(Func<T, bool> handler) => Open.Add(handler);

    protected void ReceiveAny(Action<object> handler) => Open.Add(handler, null);

    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T> shouldHandle = null) => Open.Add(Asynchronous(handler), shouldHandle);

    protected void ReceiveAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => Open.Add(Asynchronous(handler), shouldHandle);

    protected void ReceiveAnyAsync(Func<object, Task> handler) => Open.Add(Asynchronous(handler), null);

    private static Action<T> Asynchronous<T>(Func<T, Task> handler) => message => ActorCell.Current.RunHandler(() => handler(message));

    private UntypedReceive Behavior(Action configure)
    {
        _open.Push(new MessageHandlers());
        configure();
        var handlers = _open.Pop().Build();
        return message => Dispatch(handlers, message);
    }

    private void Dispatch(MessageHandlers handlers, object message)
    {
        if (!handlers.Handle(message)) Unhandled(message);
    }
}
