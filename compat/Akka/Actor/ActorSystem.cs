using System.Collections.Concurrent;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Actor;

/// <summary>A tree of actors with its event stream, scheduler and extensions.</summary>
public abstract class ActorSystem : IActorRefFactory, IDisposable
{
    private protected ActorSystem()
    {
    }

    public abstract string Name { get; }

    public abstract Settings Settings { get; }

    public abstract EventStream EventStream { get; }

    public abstract IScheduler Scheduler { get; }

    public abstract Serialization.Serialization Serialization { get; }

    public abstract Task WhenTerminated { get; }

    internal abstract DeadLetterRef DeadLetters { get; }

    internal abstract ActorPath RootPath { get; }

    public static ActorSystem Create(string name) => Create(name, ConfigurationFactory.Empty);

    public static ActorSystem Create(string name, Config config) => new LocalActorSystem(name, config);

    public abstract IActorRef ActorOf(Props props, string name = null);

    public abstract ActorSelection ActorSelection(string actorPath);

    public abstract void Stop(IActorRef actor);

    /// <summary>Runs the coordinated shutdown, at whose end the actors are stopped.</summary>
    public abstract Task Terminate();

    public void Dispose() => Terminate().GetAwaiter().GetResult();

    public override string ToString() => RootPath.ToString();

    internal abstract object RegisterExtension(IExtensionId extension);

    internal abstract Task FinalTerminate();

    internal abstract ActorPath TempPath();

    internal abstract LocalActorRef Guardian(string name);
}

public abstract class ExtendedActorSystem : ActorSystem
{
    private protected ExtendedActorSystem()
    {
    }

    /// <summary>Starts an actor that ends after all actors of the application.</summary>
    internal abstract IActorRef SystemActorOf(Props props, string name = null);
}

/// <summary>The one kind of actor system there is here: all actors in this process.</summary>
internal sealed class LocalActorSystem : ExtendedActorSystem
{
    private readonly ConcurrentDictionary<Type, Lazy<IExtension>> _extensions = new();
    private readonly ThreadPoolScheduler _scheduler = new();
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LocalActorRef _systemGuardian;
    private readonly LocalActorRef _userGuardian;
    private readonly Lazy<Serialization.Serialization> _serialization;
    private long _lastTemp;

    internal LocalActorSystem(string name, Config config)
    {
        Name = name;
        RootPath = new ActorPath(new Address("akka", name));
        Settings = new Settings(config.SafeWithFallback(ConfigurationFactory.Default()));
        EventStream = new EventStream(RootPath, Logging.LogLevelFor(Settings.LogLevel));
        DeadLetters = new DeadLetterRef(new ActorPath(RootPath, "deadLetters", 0), EventStream);
        _serialization = new(() => new Serialization.Serialization(this));
        var root = new RootRef(this);
        _systemGuardian = StartGuardian(root, "system");
        _userGuardian = StartGuardian(root, "user");
        Loggers.Start(this);
    }

    public override string Name { get; }

    public override Settings Settings { get; }

    public override EventStream EventStream { get; }

    public override IScheduler Scheduler => _scheduler;

    public override Serialization.Serialization Serialization => _serialization.Value;

    public override Task WhenTerminated => _terminated.Task;

    internal override DeadLetterRef DeadLetters { get; }

    internal override ActorPath RootPath { get; }

    public override IActorRef ActorOf(Props props, string name = null) => _userGuardian.Cell.ActorOf(props, name);

    internal override IActorRef SystemActorOf(Props props, string name = null) => _systemGuardian.Cell.ActorOf(props, name);

    public override ActorSelection ActorSelection(string actorPath) => new(_userGuardian, actorPath);

    public override void Stop(IActorRef actor) => StopFromOutside((ActorRefBase)actor);

    public override Task Terminate() => Settings.CoordinatedShutdownRunByActorSystemTerminate
        ? CoordinatedShutdown.Get(this).Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance)
        : FinalTerminate();

    internal override object RegisterExtension(IExtensionId extension) =>
        _extensions.GetOrAdd(extension.ExtensionType, _ => new(() => (IExtension)extension.CreateExtension(this))).Value;

    internal override Task FinalTerminate()
    {
        _userGuardian.Send(new Terminate());
        return WhenTerminated;
    }

    internal override ActorPath TempPath() => new(new ActorPath(RootPath, "temp", 0), $"${Interlocked.Increment(ref _lastTemp)}", 0);

    internal override LocalActorRef Guardian(string name) => name switch
    {
        "user" => _userGuardian,
        "system" => _systemGuardian,
        _ => null,
    };

    private static void StopFromOutside(ActorRefBase actor)
    {
        if (actor is LocalActorRef { Parent: LocalActorRef parent } && parent.Cell.Children.Find(actor) is { } child) child.IsStopping = true;
        actor.Send(new Terminate());
    }

    private LocalActorRef StartGuardian(RootRef root, string name)
    {
        var guardian = new LocalActorRef(this, Props.Create<GuardianActor>(), root, new ActorPath(RootPath, name, 0));
        guardian.Send(new Create());
        return guardian;
    }

    private void GuardianEnded(LocalActorRef guardian)
    {
        if (guardian == _userGuardian)
        {
            _systemGuardian.Send(new Terminate());
            return;
        }

        _scheduler.Stop();
        _terminated.TrySetResult();
    }

    /// <summary>Above the guardians: stops the system in their order, and when one of them fails.</summary>
    private sealed class RootRef(LocalActorSystem system) : ActorRefBase
    {
        public override ActorPath Path => system.RootPath;

        internal override void Deliver(object message, IActorRef sender) => system.DeadLetters.Tell(message, sender);

        internal override void Send(SystemMessage message)
        {
            if (message is DeathWatchNotification ended) system.GuardianEnded((LocalActorRef)ended.Actor);
            else if (message is Failed failed) failed.Child.Send(new Terminate());
        }
    }

    private sealed class GuardianActor : ActorBase
    {
        protected override bool Receive(object message) => false;
    }
}
