using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Actor;

/// <summary>What becomes of an actor that fails.</summary>
public sealed class SupervisionTests : TestKit
{
    public SupervisionTests()
        : base(ConfigurationFactory.ParseString("akka.loglevel = OFF"))
    {
    }

    [Fact]
    public void Restart_dropsTheStateAndKeepsTheMailbox()
    {
        var child = ChildUnder(new OneForOneStrategy(_ => Directive.Restart));

        foreach (var message in new[] { "add", "fail", "add" }) child.Tell(message);

        ExpectMsg(1);
        ExpectMsg(1);
    }

    [Fact]
    public void Restart_callsTheHooksWithCauseAndMessage()
    {
        var child = ChildUnder(new OneForOneStrategy(_ => Directive.Restart), notify: TestActor);
        ExpectMsg("PreStart");

        child.Tell("fail");

        ExpectMsg("PreRestart FormatException fail");
        ExpectMsg("PostStop");
        ExpectMsg("PostRestart FormatException");
        ExpectMsg("PreStart");
    }

    [Fact]
    public void Restart_bringsStashedMessagesBack()
    {
        var child = ChildUnder(new OneForOneStrategy(_ => Directive.Restart));

        foreach (var message in new[] { "stash", "fail" }) child.Tell(message);

        ExpectMsg("unstashed");
    }

    [Fact]
    public void Resume_keepsTheState()
    {
        var child = ChildUnder(new OneForOneStrategy(_ => Directive.Resume));

        foreach (var message in new[] { "add", "fail", "add" }) child.Tell(message);

        ExpectMsg(1);
        ExpectMsg(2);
    }

    [Fact]
    public void Stop_endsTheChild()
    {
        var child = Watch(ChildUnder(new OneForOneStrategy(_ => Directive.Stop)));

        child.Tell("fail");

        ExpectTerminated(child);
    }

    [Fact]
    public void Escalate_failsTheParentWhichItsOwnParentRestarts()
    {
        var grandparent = Sys.ActorOf(Props.Create(() => new Parent(new OneForOneStrategy(_ => Directive.Restart))));
        var middle = Started(grandparent, Props.Create(() => new Parent(new OneForOneStrategy(_ => Directive.Escalate))));
        var child = Watch(Started(middle, Props.Create(() => new Fragile(ActorRefs.Nobody))));

        child.Tell("fail");

        // A restart stops the children by default.
        ExpectTerminated(child);
        middle.Tell("alive?");
        ExpectMsg("yes");
    }

    [Fact]
    public void OneForOne_moreFailuresThanRetriesInTheWindow_stopsTheChild()
    {
        var child = Watch(ChildUnder(new OneForOneStrategy(2, TimeSpan.FromMinutes(1), _ => Directive.Restart)));

        foreach (var message in new[] { "fail", "fail", "add" }) child.Tell(message);
        ExpectMsg(1);
        child.Tell("fail");

        ExpectTerminated(child);
    }

    [Fact]
    public void AllForOne_restartsTheSiblingsToo()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Parent(new AllForOneStrategy(_ => Directive.Restart))));
        var failing = Started(parent, Props.Create(() => new Fragile(ActorRefs.Nobody)));
        var sibling = Started(parent, Props.Create(() => new Fragile(TestActor)));
        ExpectMsg("PreStart");

        failing.Tell("fail");

        ExpectMsg<string>(text => text.StartsWith("PreRestart FormatException", StringComparison.Ordinal));
        ExpectMsg("PostStop");
        ExpectMsg("PostRestart FormatException");
    }

    [Fact]
    public void DefaultStrategy_failureInTheConstructor_stopsTheChild()
    {
        var actor = Watch(Sys.ActorOf(Props.Create(() => new Stillborn())));

        ExpectTerminated(actor);
    }

    [Fact]
    public void ReceiveAsync_failureAfterAnAwait_isSupervised()
    {
        var child = ChildUnder(new OneForOneStrategy(_ => Directive.Restart));

        foreach (var message in new[] { "add", "fail later", "add" }) child.Tell(message);

        ExpectMsg(1);
        ExpectMsg(1);
    }

    [Fact]
    public void Kill_byDefault_stopsTheActor()
    {
        var actor = Watch(Sys.ActorOf(Props.Create(() => new Fragile(ActorRefs.Nobody))));

        actor.Tell(Kill.Instance);

        ExpectTerminated(actor);
    }

    [Fact]
    public void PoisonPill_stopsAfterTheMessagesBeforeIt()
    {
        var actor = Watch(Sys.ActorOf(Props.Create(() => new Fragile(ActorRefs.Nobody))));

        actor.Tell("add");
        actor.Tell(PoisonPill.Instance);

        ExpectMsg(1);
        ExpectTerminated(actor);
    }

    private IActorRef ChildUnder(SupervisorStrategy strategy, IActorRef? notify = null) =>
        Started(Sys.ActorOf(Props.Create(() => new Parent(strategy))), Props.Create(() => new Fragile(notify ?? ActorRefs.Nobody)));

    private static IActorRef Started(IActorRef parent, Props child) =>
        parent.Ask<IActorRef>(child, TimeSpan.FromSeconds(10)).GetAwaiter().GetResult();

    private sealed class Parent : ReceiveActor
    {
        private readonly SupervisorStrategy _strategy;

        public Parent(SupervisorStrategy strategy)
        {
            _strategy = strategy;
            Receive<Props>(child => Sender.Tell(Context.ActorOf(child)));
            Receive<string>(_ => Sender.Tell("yes"));
        }

        protected override SupervisorStrategy SupervisorStrategy() => _strategy;
    }

    private sealed class Stillborn : ReceiveActor
    {
        public Stillborn() => throw new FormatException("never alive");
    }

    private sealed class Fragile : ReceiveActor, IWithUnboundedStash
    {
        private readonly IActorRef _notify;
        private int _count;
        private bool _restarted;

        public Fragile(IActorRef notify)
        {
            _notify = notify;
            Receive<string>(text => text == "add", _ => Sender.Tell(++_count));
            Receive<string>(text => text == "fail", _ => throw new FormatException("on demand"));
            ReceiveAsync<string>(text => text == "fail later", async _ =>
            {
                await Task.Yield();
                throw new FormatException("on demand");
            });
            Receive<string>(text => text == "stash" && !_restarted, _ => Stash.Stash());
            Receive<string>(text => text == "stash", _ => Sender.Tell("unstashed"));
        }

        public IStash Stash { get; set; } = null!;

        protected override void PreStart() => _notify.Tell("PreStart");

        protected override void PostStop() => _notify.Tell("PostStop");

        protected override void PreRestart(Exception reason, object message)
        {
            _notify.Tell($"PreRestart {reason.GetType().Name} {message}");
            base.PreRestart(reason, message);
        }

        protected override void PostRestart(Exception reason)
        {
            _restarted = true;
            _notify.Tell($"PostRestart {reason.GetType().Name}");
            base.PostRestart(reason);
        }
    }
}
