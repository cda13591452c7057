using Akka.Event;

namespace Akka.Actor;

/// <summary>What a parent does with a child that failed.</summary>
public enum Directive
{
    Resume,
    Restart,
    Escalate,
    Stop,
}

/// <summary>Decides on the failures of an actor's children.</summary>
public abstract class SupervisorStrategy
{
    /// <summary>Restarts, except where a new start would fail or was not wanted.</summary>
    internal static readonly SupervisorStrategy DefaultStrategy = new OneForOneStrategy(DefaultDecision);

    private readonly Func<Exception, Directive> _decider;
    private readonly bool _loggingEnabled;

    private protected SupervisorStrategy(int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> decider, bool loggingEnabled)
    {
        MaxNumberOfRetries = maxNrOfRetries;
        WithinTimeRangeMilliseconds = withinTimeMilliseconds;
        _decider = decider;
        _loggingEnabled = loggingEnabled;
    }

    /// <summary>Restarts allowed within the time range; -1 for no limit.</summary>
    private protected int MaxNumberOfRetries { get; }

    /// <summary>The time range in milliseconds; -1 for all time.</summary>
    private protected int WithinTimeRangeMilliseconds { get; }

    internal static Directive DefaultDecision(Exception cause) => cause switch
    {
        ActorInitializationException or ActorKilledException or DeathPactException => Directive.Stop,
        _ => Directive.Restart,
    };

    internal void HandleFailure(ActorCell parent, Child child, Exception cause)
    {
        var directive = _decider(cause);
        LogFailure(parent.System.EventStream, child.Ref, cause, directive);
        switch (directive)
        {
            case Directive.Resume:
                child.Ref.Send(new Resume(cause));
                break;
            case Directive.Escalate:
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
                break;
            default:
                Apply(parent, child, cause, restart: directive == Directive.Restart);
                break;
        }
    }

    private protected abstract void Apply(ActorCell parent, Child failed, Exception cause, bool restart);

    private void LogFailure(EventStream events, LocalActorRef child, Exception cause, Directive directive)
    {
        if (!_loggingEnabled || directive == Directive.Escalate) return;
        var message = cause is ActorInitializationException { InnerException: { } inner } ? inner.Message : cause.Message;
        LogEvent entry = directive == Directive.Resume
            ? new Warning(cause, child.Path.ToString(), GetType(), message)
            : new Error(cause, child.Path.ToString(), GetType(), message);
        events.Publish(entry);
    }
}

/// <summary>Treats the failed child only.</summary>
public class OneForOneStrategy : SupervisorStrategy
{
    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(-1, -1, localOnlyDecider)
    {
    }

    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
        : this(maxNrOfRetries ?? -1, (int)(withinTimeRange ?? Timeout.InfiniteTimeSpan).TotalMilliseconds, localOnlyDecider)
    {
    }

    public OneForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : base(maxNrOfRetries, withinTimeMilliseconds, localOnlyDecider, loggingEnabled)
    {
    }

    private protected override void Apply(ActorCell parent, Child failed, Exception cause, bool restart)
    {
        if (restart && failed.MayRestart(MaxNumberOfRetries, WithinTimeRangeMilliseconds)) failed.Ref.Send(new Recreate(cause));
        else parent.Stop(failed.Ref);
    }
}

/// <summary>Treats all children as the failed one.</summary>
public class AllForOneStrategy : SupervisorStrategy
{
    public AllForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(-1, -1, localOnlyDecider)
    {
    }

    public AllForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
        : this(maxNrOfRetries ?? -1, (int)(withinTimeRange ?? Timeout.InfiniteTimeSpan).TotalMilliseconds, localOnlyDecider)
    {
    }

    public AllForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : base(maxNrOfRetries, withinTimeMilliseconds, localOnlyDecider, loggingEnabled)
    {
    }

    private protected override void Apply(ActorCell parent, Child failed, Exception cause, bool restart)
    {
        var children = parent.Children.Snapshot();
        if (restart && children.TrueForAll(child => child.MayRestart(MaxNumberOfRetries, WithinTimeRangeMilliseconds)))
        {
            foreach (var child in children)
            {
                if (child != failed) child.Ref.Send(new Suspend());
                child.Ref.Send(new Recreate(cause));
            }
        }
        else
        {
            foreach (var child in children) parent.Stop(child.Ref);
        }
    }
}
