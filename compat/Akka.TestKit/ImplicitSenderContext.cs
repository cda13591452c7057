using Akka.Actor;

namespace Akka.TestKit;

/// <summary>Keeps the test actor as the sender of what a test tells, across its awaits.</summary>
internal sealed class ImplicitSenderContext(ActorCell sender) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object state) => ThreadPool.UnsafeQueueUserWorkItem(_ => Run(d, state), null);

    private void Run(SendOrPostCallback callback, object state)
    {
        var (outerContext, outerSender) = (Current, ActorCell.Current);
        SetSynchronizationContext(this);
        ActorCell.Current = sender;
        try
        {
            callback(state);
        }
        finally
        {
            ActorCell.Current = outerSender;
            SetSynchronizationContext(outerContext);
        }
    }
}
