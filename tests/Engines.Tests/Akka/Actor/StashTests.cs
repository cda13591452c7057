using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Actor;

/// <summary>Messages put off and taken up again.</summary>
public sealed class StashTests : TestKit
{
    [Fact]
    public void UnstashAll_bringsMessagesBackInOrderBeforeTheRest()
    {
        var actor = Sys.ActorOf<Stashing>();

        foreach (var message in new object[] { 1, 2, 3, "open", 4 }) actor.Tell(message);

        foreach (var expected in new[] { 1, 2, 3, 4 }) ExpectMsg(expected);
    }

    [Fact]
    public void UnstashAll_keepsTheSender()
    {
        var probe = CreateTestProbe();
        var actor = Sys.ActorOf<Stashing>();

        probe.Send(actor, 1);
        actor.Tell("open");

        probe.ExpectMsg(1);
    }

    private sealed class Stashing : ReceiveActor, IWithUnboundedStash
    {
        public Stashing()
        {
            Receive<string>(_ =>
            {
                Become(Open);
                Stash.UnstashAll();
            });
            ReceiveAny(_ => Stash.Stash());
        }

        public IStash Stash { get; set; } = null!;

        private void Open() => Receive<int>(number => Sender.Tell(number));
    }
}
