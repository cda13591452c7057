using Akka.Actor;

namespace Akka.Persistence;

/// <summary>A persistent actor that lists its handlers by type, those for commands and those for recovery.</summary>
public abstract class ReceivePersistentActor : Eventsourced
{
    private readonly MessageHandlers _recover = new();
    private readonly Stack<MessageHandlers> _open = new([new MessageHandlers()]);
    private MessageHandlers _commands;

    protected ReceivePersistentActor()
    {
    }

    private MessageHandlers Open => _open.Count > 0
        ? _open.Peek()
        : throw new InvalidOperationException("You may only call Command-methods when constructing the actor and inside Become().");

    internal override void EndConstruction()
    {
        _commands = _open.Pop().Build();
        _recover.Build();
    }

    protected sealed override bool Receive(object message) => Dispatch(_commands, message);

    private protected sealed override bool ReceiveRecover(object message) => Dispatch(_recover, message);

    protected void Command<T>(Action<T> handler, Predicate<T> shouldHandle = null) => Open.Add(handler, shouldHandle);

    protected void Command<T>(Predicate<T> shouldHandle, Action<T> handler) => Open.Add(handler, shouldHandle);

    protected void CommandAny(Action<object> handler) => Open.Add(handler, null);

    protected void CommandAsync<T>(Func<T, Task> handler, Predicate<T> shouldHandle = null) =>
        Open.Add(message => RunHandler(() => handler(message)), shouldHandle);

    protected void Recover<T>(Action<T> handler, Predicate<T> shouldHandle = null) => _recover.Add(handler, shouldHandle);

    protected void RecoverAny(Action<object> handler) => _recover.Add(handler, null);

    protected void Become(Action configure) => Context.Become(Behavior(configure));

    protected void BecomeStacked(Action configure) => Context.BecomeStacked(Behavior(configure));

    private Receive Behavior(Action configure)
    {
        _open.Push(new MessageHandlers());
        configure();
        var handlers = _open.Pop().Build();
        return message => Dispatch(handlers, message);
    }

    private bool Dispatch(MessageHandlers handlers, object message)
    {
        if (!handlers.Handle(message)) Unhandled(message);
        return true;
    }
}
