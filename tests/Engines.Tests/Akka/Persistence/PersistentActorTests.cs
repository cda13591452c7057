using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Persistence;

/// <summary>Commands, events, snapshots and recovery over a journal in memory.</summary>
public sealed class PersistentActorTests : TestKit
{
    internal static readonly Config InMemory = ConfigurationFactory.ParseString(
        """
        akka.loglevel = OFF
        akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        """);

    public PersistentActorTests()
        : base(InMemory)
    {
    }

    [Fact]
    public void Recover_replaysEventsInOrder()
    {
        var actor = Start();
        foreach (var text in new[] { "a", "b", "c" }) actor.Tell(new Recorder.Add(text));
        ReceiveN(3);

        Ask(Restarted(actor), "state");

        ExpectMsg("abc");
    }

    [Fact]
    public void Recover_afterASnapshot_getsTheSnapshotAndTheEventsAfterIt()
    {
        var actor = Start();
        actor.Tell(new Recorder.Add("a"));
        ExpectMsg("a");
        actor.Tell("snapshot");
        ExpectMsg("saved 1");
        actor.Tell(new Recorder.Add("b"));
        ExpectMsg("b");

        Ask(Restarted(actor), "history");

        ExpectMsg("offer 1 a, event b, completed 2");
    }

    [Fact]
    public void Recover_withoutEvents_onlyCompletes()
    {
        Ask(Start(), "history");

        ExpectMsg("completed 0");
    }

    [Fact]
    public void Command_duringRecovery_waitsForItsEnd()
    {
        var actor = Start();
        actor.Tell(new Recorder.Add("a"));
        ExpectMsg("a");
        Watch(actor);
        actor.Tell(PoisonPill.Instance);
        ExpectTerminated(actor);

        Start().Tell("state");

        ExpectMsg("a");
    }

    [Fact]
    public void Persist_runsItsHandlerBeforeTheNextCommand()
    {
        var actor = Start();

        actor.Tell(new Recorder.Add("a"));
        actor.Tell("state");
        actor.Tell(new Recorder.Add("b"));
        actor.Tell("state");

        foreach (var expected in new[] { "a", "a", "b", "ab" }) ExpectMsg(expected);
    }

    [Fact]
    public void Persist_handlerSeesTheSenderOfItsCommand()
    {
        var (first, second) = (CreateTestProbe(), CreateTestProbe());
        var actor = Start();

        first.Send(actor, new Recorder.Add("a"));
        second.Send(actor, new Recorder.Add("b"));

        first.ExpectMsg("a");
        second.ExpectMsg("b");
    }

    [Fact]
    public void PersistAll_runsItsHandlersInOrderBeforeTheNextCommand()
    {
        var actor = Start();

        actor.Tell(new Recorder.AddAll("a", "b", "c"));
        actor.Tell("state");

        foreach (var expected in new[] { "a", "b", "c", "abc" }) ExpectMsg(expected);
    }

    [Fact]
    public void Persist_inAHandler_keepsCommandsWaiting()
    {
        var actor = Start();

        actor.Tell(new Recorder.AddTwice("a"));
        actor.Tell("state");

        foreach (var expected in new[] { "a", "A", "aA" }) ExpectMsg(expected);
    }

    [Fact]
    public void Stash_whilePersisting_givesCommandsBackInOrder()
    {
        var actor = Start();

        foreach (var message in new object[] { "close", new Recorder.Add("b"), new Recorder.Add("c"), "open", new Recorder.Add("d") }) actor.Tell(message);

        foreach (var expected in new[] { "closed", "opened", "b", "c", "d" }) ExpectMsg(expected);
    }

    [Fact]
    public void DeferAsync_afterPersistAsync_runsAfterTheEventsHandler()
    {
        var actor = Start();

        actor.Tell(new Recorder.AddAsync("a"));

        ExpectMsg("a");
        ExpectMsg("deferred");
    }

    [Fact]
    public void CommandAsync_persistAfterAnAwait_isWrittenAndApplied()
    {
        var actor = Start();

        actor.Tell(new Recorder.AddLater("a"));
        actor.Tell("state");

        ExpectMsg("a");
        ExpectMsg("a");
    }

    [Fact]
    public void DeleteMessages_deletedEvents_areNotReplayed()
    {
        var actor = Start();
        foreach (var text in new[] { "a", "b", "c" }) actor.Tell(new Recorder.Add(text));
        ReceiveN(3);
        actor.Tell(new Recorder.DeleteTo(2));
        ExpectMsg("deleted 2");

        Ask(Restarted(actor), "history");

        ExpectMsg("event c, completed 3");
    }

    [Fact]
    public void Recover_handlerThatThrows_stopsTheActor()
    {
        var actor = Start();
        actor.Tell(new Recorder.Add("poison"));
        ExpectMsg("poison");

        Watch(actor);
        actor.Tell(PoisonPill.Instance);
        ExpectTerminated(actor);
        var broken = Watch(Start(failOn: "poison"));

        ExpectTerminated(broken);
    }

    [Fact]
    public void Failure_inAnEventHandler_restartsAndRecoversFromTheJournal()
    {
        var actor = Start();
        actor.Tell(new Recorder.Add("a"));
        ExpectMsg("a");

        actor.Tell(new Recorder.AddAndFail("b"));
        actor.Tell("state");

        ExpectMsg("ab");
    }

    private IActorRef Start(string? failOn = null) => Sys.ActorOf(Props.Create(() => new Recorder("recorder", failOn)));

    private IActorRef Restarted(IActorRef actor)
    {
        Watch(actor);
        actor.Tell(PoisonPill.Instance);
        ExpectTerminated(actor);
        return Start();
    }

    private static void Ask(IActorRef actor, string question) => actor.Tell(question);
}
