using Akka.Event;

namespace Akka.Actor;

/// <summary>
/// The runtime's side of one actor: it owns mailbox, children and behaviours and outlives the actor object, which a
/// restart replaces. Everything here runs on the mailbox's thread, except what <see cref="Children"/> guards.
/// </summary>
internal sealed partial class ActorCell : IUntypedActorContext
{
    [ThreadStatic]
    private static ActorCell s_current;

    private readonly Stack<Receive> _behaviors = new();
    private readonly LocalActorRef _self;
    private ActorBase _actor;

    internal ActorCell(ActorSystem system, Props props, LocalActorRef self)
    {
        System = system;
        Props = props;
        _self = self;
        Children = new Children(self);
        Mailbox = new Mailbox(this);
        Sender = system.DeadLetters;
        Handlers = new ActorTaskScheduler(this);
    }

    /// <summary>The cell whose actor runs on this thread.</summary>
    internal static ActorCell Current
    {
        get => s_current;
        set => s_current = value;
    }

    public ActorSystem System { get; }

    public Props Props { get; }

    public IActorRef Self => _self;

    public IActorRef Parent => _self.Parent;

    public IActorRef Sender { get; internal set; }

    internal object CurrentMessage { get; set; }

    /// <summary>Counts messages, so that the stash can tell whether one was stashed already.</summary>
    internal long MessageNumber { get; private set; }

    internal Mailbox Mailbox { get; }

    internal Children Children { get; }

    private ActorTaskScheduler Handlers { get; }

    public void Become(Receive receive)
    {
        // The behaviour the actor started with stays at the bottom: UnbecomeStacked leads back to it.
        if (_behaviors.Count > 1) _behaviors.Pop();
        _behaviors.Push(receive);
    }

    public void BecomeStacked(Receive receive) => _behaviors.Push(receive);

    public void UnbecomeStacked()
    {
        if (_behaviors.Count > 1) _behaviors.Pop();
    }

    public void Become(UntypedReceive receive) => Become(Handled(receive));

    public void BecomeStacked(UntypedReceive receive) => BecomeStacked(Handled(receive));

    public IActorRef ActorOf(Props props, string name = null)
    {
        if (_waitingFor == ChildrenWait.Termination)
            throw new InvalidOperationException($"Cannot create child of {Self} while it is terminating or terminated");
        return Children.Start(System, props, name);
    }

    public ActorSelection ActorSelection(string actorPath) => new(_self, actorPath);

    public IActorRef Child(string name) => Children.Find(name) ?? (IActorRef)ActorRefs.Nobody;

    public IEnumerable<IActorRef> GetChildren() => Children.Snapshot().Select(child => child.Ref);

    internal void Invoke(in Envelope envelope)
    {
        var message = envelope.Message;
        var keepsReceiveTimeout = (message is TimerMessage timer ? timer.Message : message) is INotInfluenceReceiveTimeout;
        CurrentMessage = message;
        MessageNumber++;
        Sender = envelope.Sender ?? System.DeadLetters;
        if (!keepsReceiveTimeout) CancelReceiveTimeout();
        try
        {
            Handle(message);
            if (!_handlerRunning) CurrentMessage = null;
        }
        catch (Exception cause)
        {
            Fail(cause);
        }

        if (!Mailbox.IsClosed && !_handlerRunning) CheckReceiveTimeout(reschedule: !keepsReceiveTimeout);
    }

    internal void DeadLetter(in Envelope envelope)
    {
        if (envelope.Message is Identify identify) envelope.Sender?.Tell(new ActorIdentity(identify.MessageId, ActorRefs.Nobody), Self);
        else System.DeadLetters.Deliver(envelope.Message, envelope.Sender, Self);
    }

    private static Receive Handled(UntypedReceive receive) => message =>
    {
        receive(message);
        return true;
    };

    private void Handle(object message)
    {
        switch (message)
        {
            case IAutoReceivedMessage auto:
                HandleAutoReceived(auto);
                break;
            default:
                _actor.AroundReceive(_behaviors.Peek(), message);
                break;
        }
    }

    internal void HandleAutoReceived(IAutoReceivedMessage message)
    {
        switch (message)
        {
            case PoisonPill:
                _self.Send(new Terminate());
                break;
            case Kill:
                throw new ActorKilledException("Kill");
            case Terminated terminated:
                ReceiveTerminated(terminated);
                break;
            case Identify identify:
                Sender.Tell(new ActorIdentity(identify.MessageId, Self), Self);
                break;
        }
    }

    private void Log(Exception cause, string message) =>
        System.EventStream.Publish(new Error(cause, Self.Path.ToString(), Props.Type, message));
}
