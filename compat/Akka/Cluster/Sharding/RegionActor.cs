using Akka.Actor;

namespace Akka.Cluster.Sharding;

/// <summary>Hosts all entities of one type, as children named by their id.</summary>
internal sealed class RegionActor : ReceiveActor, IWithUnboundedStash, IWithTimers
{
    private readonly EntityType _type;
    private readonly Dictionary<string, Entity> _entities = [];
    private readonly Dictionary<IActorRef, string> _ids = [];
    private IActorRef _remembered;
    private bool _isUp;

    public RegionActor(EntityType type)
    {
        _type = type;
        Receive<MemberUp>(_ =>
        {
            _isUp = true;
            OpenWhenReady();
        });
        Receive<RememberedEntities.Known>(known =>
        {
            _remembered = Sender;
            foreach (var id in known.Ids) _entities[id] = new Entity();
            OpenWhenReady();
        });
        Receive<Shutdown>(_ => Context.Stop(Self));
        ReceiveAny(_ => Stash.Stash());
    }

    public IStash Stash { get; set; }

    public ITimerScheduler Timers { get; set; }

    protected override void PreStart()
    {
        var self = Self;
        Cluster.Get(Context.System).RegisterOnMemberUp(() => self.Tell(MemberUp.Instance, ActorRefs.NoSender));
        if (_type.Settings.RememberInJournal)
            Context.Watch(Context.ActorOf(Props.Create(() => new RememberedEntities(_type.Name, _type.Settings.JournalPluginId))));
    }

    private void OpenWhenReady()
    {
        if (!_isUp || (_type.Settings.RememberInJournal && _remembered is null)) return;
        Become(Open);
        foreach (var id in _entities.Keys.ToList()) StartActor(id);
        Stash.UnstashAll();
    }

    private void Open()
    {
        Receive<Passivate>(passivate => StopEntity(passivate.StopMessage));
        Receive<Terminated>(EntityEnded);
        Receive<RememberedEntities.Remembered>(remembered => StartActor(remembered.Id));
        Receive<Restart>(restart => StartActor(restart.Id));
        Receive<Shutdown>(_ => StopAll());
        Receive<ShardRegion.StartEntity>(start =>
        {
            if (!_entities.ContainsKey(start.EntityId)) Add(start.EntityId);
            Sender.Tell(new ShardRegion.StartEntityAck(start.EntityId));
        });
        ReceiveAny(Deliver);
    }

    private void Deliver(object message)
    {
        var id = _type.Extractor.EntityId(message);
        if (string.IsNullOrEmpty(id))
        {
            Context.System.DeadLetters.Tell(message, Sender);
            return;
        }

        if (!_entities.TryGetValue(id, out var entity)) entity = Add(id);
        var content = _type.Extractor.EntityMessage(message);
        if (Timers.IsTimerActive(id)) StartActor(id);
        if (entity.Actor is not null && !entity.IsPassivating) entity.Actor.Tell(content, Sender);
        else entity.Waiting.Enqueue(new Envelope(content, Sender));
    }

    private Entity Add(string id)
    {
        var entity = _entities[id] = new Entity();
        // Remembered first: a crash after the entity has started must not lose it.
        if (_remembered is null) StartActor(id);
        else _remembered.Tell(new RememberedEntities.Remember(id));
        return entity;
    }

    private void StartActor(string id)
    {
        var entity = _entities[id];
        Timers.Cancel(id);
        entity.IsPassivating = false;
        entity.Actor = Context.Watch(Context.ActorOf(_type.PropsFor(id), Uri.EscapeDataString(id)));
        _ids[entity.Actor] = id;
        while (entity.Waiting.TryDequeue(out var waiting)) entity.Actor.Tell(waiting.Message, waiting.Sender);
    }

    private void StopEntity(object stopMessage)
    {
        if (!_ids.TryGetValue(Sender, out var id) || _entities[id].IsPassivating) return;
        _entities[id].IsPassivating = true;
        Sender.Tell(stopMessage);
    }

    private void EntityEnded(Terminated terminated)
    {
        // Without its memory the region starts over, and reads the journal again.
        if (terminated.ActorRef.Equals(_remembered)) throw new InvalidOperationException($"The remembered entities of [{_type.Name}] cannot be kept.");
        if (!_ids.Remove(terminated.ActorRef, out var id)) return;
        var entity = _entities[id];
        entity.Actor = null;
        if (entity.Waiting.Count > 0)
        {
            StartActor(id);
        }
        else if (_type.Settings.RememberEntities && !entity.IsPassivating)
        {
            Timers.StartSingleTimer(id, new Restart(id), _type.Settings.EntityRestartBackoff);
        }
        else
        {
            _entities.Remove(id);
            _remembered?.Tell(new RememberedEntities.Forget(id));
        }
    }

    private void StopAll()
    {
        Become(() =>
        {
            Receive<Terminated>(terminated =>
            {
                _ids.Remove(terminated.ActorRef);
                if (_ids.Count == 0) Context.Stop(Self);
            });
            ReceiveAny(message => Context.System.DeadLetters.Tell(message, Sender));
        });
        foreach (var entity in _ids.Keys) entity.Tell(PoisonPill.Instance);
        if (_ids.Count == 0) Context.Stop(Self);
    }

    internal sealed class MemberUp
    {
        internal static readonly MemberUp Instance = new();
    }

    internal sealed class Shutdown
    {
        internal static readonly Shutdown Instance = new();
    }

    private sealed record Restart(string Id);

    /// <summary>An entity, and what waits while it has no actor or its actor is about to end.</summary>
    private sealed class Entity
    {
        internal IActorRef Actor { get; set; }

        internal bool IsPassivating { get; set; }

        internal Queue<Envelope> Waiting { get; } = new();
    }
}
