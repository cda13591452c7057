using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Persistence;

/// <summary>What a persistent actor does when its journal cannot.</summary>
public sealed class JournalFailureTests : TestKit
{
    private static readonly Config Failing = ConfigurationFactory.ParseString(
        $$"""
        akka.persistence.journal.plugin = "akka.persistence.journal.failing"
        akka.persistence.journal.failing.class = "{{typeof(FailingJournal).FullName}}, {{typeof(FailingJournal).Assembly.GetName().Name}}"
        """);

    public JournalFailureTests()
        : base(Failing.WithFallback(PersistentActorTests.InMemory))
    {
    }

    [Fact]
    public void Persist_rejected_callsOnPersistRejectedAndTheActorGoesOn()
    {
        var actor = Start("a");

        actor.Tell(new Recorder.Add("reject"));
        actor.Tell(new Recorder.Add("b"));

        ExpectMsg("rejected reject: not storable");
        ExpectMsg("b");
    }

    [Fact]
    public void Persist_failed_callsOnPersistFailureAndStopsTheActor()
    {
        var actor = Watch(Start("a"));

        actor.Tell(new Recorder.Add("fail"));

        ExpectMsg("failed fail: disk full");
        ExpectTerminated(actor);
    }

    [Fact]
    public void Recover_unreadableJournal_stopsTheActor()
    {
        var actor = Watch(Start("unreadable"));

        ExpectTerminated(actor);
    }

    [Fact]
    public void DeleteMessages_failed_tellsTheActor()
    {
        var actor = Start("a");
        actor.Tell(new Recorder.Add("b"));
        ExpectMsg("b");

        actor.Tell(new Recorder.DeleteTo(1));

        ExpectMsg("not deleted 1: cannot be deleted");
    }

    private IActorRef Start(string id) => Sys.ActorOf(Props.Create(() => new Recorder(id, null)));
}
