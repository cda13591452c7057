using System.Collections.Concurrent;

namespace Akka.Actor;

/// <summary>
/// The queues of one actor, run by at most one thread at a time. System messages come first; user
/// messages are held back while the actor is suspended. Only the enqueuing side is shared between threads.
/// </summary>
internal sealed class Mailbox(ActorCell cell) : IThreadPoolWorkItem
{
    /// <summary>User messages taken in a row before other actors get the thread.</summary>
    private const int Throughput = 30;

    private readonly ConcurrentQueue<SystemMessage> _system = new();
    private readonly ConcurrentQueue<Envelope> _user = new();
    private readonly Stack<Envelope> _front = new();
    private int _scheduled;
    private int _suspensions;

    internal bool IsSuspended => _suspensions > 0;

    /// <summary>Set when the actor has ended: what is left and what still comes are dead letters.</summary>
    internal bool IsClosed { get; private set; }

    internal void Post(in Envelope envelope)
    {
        _user.Enqueue(envelope);
        Schedule();
    }

    internal void Post(SystemMessage message)
    {
        _system.Enqueue(message);
        Schedule();
    }

    /// <summary>Puts a message before all others. Called by the actor itself only.</summary>
    internal void PostFirst(in Envelope envelope) => _front.Push(envelope);

    internal void Suspend() => _suspensions++;

    internal void Resume() => _suspensions = Math.Max(0, _suspensions - 1);

    internal void Close() => IsClosed = true;

    void IThreadPoolWorkItem.Execute()
    {
        var outer = ActorCell.Current;
        ActorCell.Current = cell;
        try
        {
            Run();
        }
        finally
        {
            ActorCell.Current = outer;
        }

        var more = _front.Count > 0 && CanTakeUserMessages;
        Volatile.Write(ref _scheduled, 0);
        // The full fence keeps the emptiness check below from being read before the flag is seen as cleared.
        Interlocked.MemoryBarrier();
        if (more || !_system.IsEmpty || (CanTakeUserMessages && !_user.IsEmpty)) Schedule();
    }

    private bool CanTakeUserMessages => _suspensions == 0 || IsClosed;

    private void Schedule()
    {
        if (Volatile.Read(ref _scheduled) != 0 || Interlocked.Exchange(ref _scheduled, 1) != 0) return;
        if (cell.Props.RunsOnCallingThread) ((IThreadPoolWorkItem)this).Execute();
        else ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void Run()
    {
        RunSystemMessages();
        for (var left = Throughput; left > 0 && CanTakeUserMessages; left--)
        {
            if (!_front.TryPop(out var envelope) && !_user.TryDequeue(out envelope)) return;
            if (IsClosed) cell.DeadLetter(envelope);
            else cell.Invoke(envelope);
            RunSystemMessages();
        }
    }

    private void RunSystemMessages()
    {
        while (_system.TryDequeue(out var message)) cell.Invoke(message);
    }
}
