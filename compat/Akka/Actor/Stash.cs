namespace Akka.Actor;

public interface IActorStash
{
    IStash Stash { get; set; }
}

/// <summary>An actor that can put messages aside, any number of them, and take them back in order before all others.</summary>
public interface IWithUnboundedStash : IActorStash;

public interface IStash
{
    /// <summary>Puts the current message aside.</summary>
    void Stash();

    /// <summary>Takes all messages back.</summary>
    void UnstashAll();
}

internal sealed class Stash(ActorCell cell) : IStash
{
    private readonly LinkedList<Envelope> _stashed = new();
    private long _lastStashed;

    void IStash.Stash()
    {
        if (_lastStashed == cell.MessageNumber) throw new IllegalActorStateException($"Can't stash the same message {cell.CurrentMessage} more than once");
        _lastStashed = cell.MessageNumber;
        _stashed.AddLast(new Envelope(cell.CurrentMessage, cell.Sender));
    }

    /// <summary>Takes the oldest message back.</summary>
    internal void Unstash()
    {
        if (_stashed.First is not { } oldest) return;
        _stashed.RemoveFirst();
        PutFirst(oldest.Value);
    }

    public void UnstashAll()
    {
        for (; _stashed.Last is { } newest; _stashed.RemoveLast()) PutFirst(newest.Value);
    }

    /// <summary>Takes all messages out, oldest first.</summary>
    internal List<Envelope> Clear()
    {
        List<Envelope> stashed = [.. _stashed];
        _stashed.Clear();
        return stashed;
    }

    /// <summary>Puts messages before those that are stashed already.</summary>
    internal void Prepend(List<Envelope> envelopes)
    {
        for (var i = envelopes.Count - 1; i >= 0; i--) _stashed.AddFirst(envelopes[i]);
    }

    private void PutFirst(in Envelope envelope)
    {
        if (envelope.Message is Terminated terminated) cell.TerminatedQueued(terminated);
        cell.Mailbox.PostFirst(envelope);
    }
}
