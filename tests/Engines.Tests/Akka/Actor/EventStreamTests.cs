using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Actor;

/// <summary>Who hears what is published.</summary>
public sealed class EventStreamTests : TestKit
{
    [Fact]
    public void Publish_reachesSubscribersOfABaseType()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Animal));

        Sys.EventStream.Publish(new Dog("Rex"));

        ExpectMsg(new Dog("Rex"));
    }

    [Fact]
    public void Publish_afterUnsubscribe_reachesNobody()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Animal));
        Sys.EventStream.Unsubscribe(TestActor, typeof(Animal));

        Sys.EventStream.Publish(new Dog("Rex"));

        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    private abstract record Animal(string Name);

    private sealed record Dog(string Name) : Animal(Name);
}
