using System.Collections.Concurrent;
using System.Linq.Expressions;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.TestKit;

/// <summary>An actor whose messages a test takes one by one. Waiting times are scaled by <c>akka.test.timefactor</c>.</summary>
public abstract partial class TestKitBase
{
    private static readonly Config Defaults = ConfigurationFactory.ParseString(
        """
        akka.loggers = []
        akka.test {
          timefactor = 1.0
          single-expect-default = 3s
          default-timeout = 5s
        }
        """);

    private static int s_lastTestActor;

    private readonly BlockingCollection<Envelope> _received = [];
    private readonly double _timeFactor;
    private readonly TimeSpan _singleExpect;
    private readonly TimeSpan _defaultTimeout;
    private Envelope _last;
    private DateTime? _end;

    private protected TestKitBase(ActorSystem system, Config config, string actorSystemName, string testActorName)
    {
        Sys = system ?? ActorSystem.Create(actorSystemName ?? "test", (config ?? Config.Empty).SafeWithFallback(Defaults));
        var settings = Sys.Settings.Config.SafeWithFallback(Defaults);
        _timeFactor = settings.GetDouble("akka.test.timefactor");
        _singleExpect = settings.GetTimeSpan("akka.test.single-expect-default");
        _defaultTimeout = settings.GetTimeSpan("akka.test.default-timeout");
        var name = testActorName ?? $"testActor{Interlocked.Increment(ref s_lastTestActor)}";
        TestActor = ((ExtendedActorSystem)Sys).SystemActorOf(Props.Create(() => new TestActor(_received)).OnCallingThread(), name);
    }

    public ActorSystem Sys { get; }

    public IActorRef TestActor { get; }

    private protected object LastMessage => _last.Message;

    public IActorRef LastSender => _last.Sender;

    public bool HasMessages => _received.Count > 0;

    public IActorRef ActorOf(Props props) => Sys.ActorOf(props);

    public IActorRef ActorOf(Props props, string name) => Sys.ActorOf(props, name);

    public IActorRef ActorOf<TActor>()
        where TActor : ActorBase, new() => Sys.ActorOf<TActor>();

    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory));

    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory, string name)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory), name);

    public virtual TestProbe CreateTestProbe(string name = null) => new(Sys, name);

    /// <summary>Makes the test actor watch another; returns once it does.</summary>
    public IActorRef Watch(IActorRef actorToWatch)
    {
        TestActor.Ask(new TestActor.StartWatching(actorToWatch), _singleExpect).GetAwaiter().GetResult();
        return actorToWatch;
    }

    public IActorRef Unwatch(IActorRef actorToUnwatch)
    {
        TestActor.Ask(new TestActor.StopWatching(actorToUnwatch), _singleExpect).GetAwaiter().GetResult();
        return actorToUnwatch;
    }

    private TimeSpan Dilated(TimeSpan duration) => duration * _timeFactor;

    /// <summary>Ends the actor system, and waits for it as long as tests wait for anything by default.</summary>
    private protected void Shutdown() => Sys.Terminate().Wait(Dilated(_defaultTimeout));

    /// <summary>What is left of the enclosing <see cref="Within(TimeSpan, Action, TimeSpan?, CancellationToken)"/>, or the default.</summary>
    private TimeSpan RemainingOrDefault => Remaining(null);

    private TimeSpan Remaining(TimeSpan? duration)
    {
        if (duration is { } asked) return Dilated(asked);
        return _end is { } end ? Max(end - DateTime.UtcNow, TimeSpan.Zero) : Dilated(_singleExpect);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
