using Akka.Actor;
using Akka.Configuration;

namespace Akka.TestKit.Xunit2;

/// <summary>Base of tests with actors: each test has an actor system, and what it tells has the test actor as sender.</summary>
public class TestKit : TestKitBase, IDisposable
{
    private readonly SynchronizationContext _outerContext = SynchronizationContext.Current;

    public TestKit(ActorSystem system = null)
        : base(system, null, null, null) => SetImplicitSender();

    public TestKit(Config config, string actorSystemName = null)
        : base(null, config, actorSystemName, null) => SetImplicitSender();

    public TestKit(string config)
        : base(null, ConfigurationFactory.ParseString(config), null, null) => SetImplicitSender();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Called before the actor system is ended.</summary>
    protected virtual void AfterAll()
    {
    }

    protected virtual void Dispose(bool disposing)
    {
        AfterAll();
        ActorCell.Current = null;
        SynchronizationContext.SetSynchronizationContext(_outerContext);
        Shutdown();
    }

    private void SetImplicitSender()
    {
        var cell = ((LocalActorRef)TestActor).Cell;
        ActorCell.Current = cell;
        SynchronizationContext.SetSynchronizationContext(new ImplicitSenderContext(cell));
    }
}
