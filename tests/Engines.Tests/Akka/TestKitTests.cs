using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Xunit.Sdk;

namespace IterativeDpo.Engines.Tests.Akka;

/// <summary>A test that expects what does not come must fail.</summary>
public sealed class TestKitTests : TestKit
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    public TestKitTests()
        : base(ConfigurationFactory.ParseString("akka.loglevel = OFF"))
    {
    }

    [Fact]
    public void ExpectMsg_nothingComes_fails() => Assert.ThrowsAny<XunitException>(() => ExpectMsg<string>(Short));

    [Fact]
    public void ExpectMsg_anotherType_fails()
    {
        TestActor.Tell(1);

        Assert.ThrowsAny<XunitException>(() => ExpectMsg<string>());
    }

    [Fact]
    public void ExpectMsg_anotherValue_fails()
    {
        TestActor.Tell("a");

        Assert.ThrowsAny<XunitException>(() => ExpectMsg("b"));
    }

    [Fact]
    public void ExpectNoMsg_somethingComes_fails()
    {
        TestActor.Tell("a");

        Assert.ThrowsAny<XunitException>(() => ExpectNoMsg(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void AwaitAssert_repeatsUntilItHolds()
    {
        var calls = 0;

        AwaitAssert(() => Assert.True(++calls > 2));

        Assert.Equal(3, calls);
    }

    [Fact]
    public void AwaitCondition_neverTrue_fails() => Assert.ThrowsAny<XunitException>(() => AwaitCondition(() => false, Short));

    [Fact]
    public void Within_blockThatTakesLonger_fails() => Assert.ThrowsAny<XunitException>(() => Within(Short, () => Thread.Sleep(4 * Short)));

    [Fact]
    public async Task Tell_afterAnAwait_stillHasTheTestActorAsSender()
    {
        await Task.Yield();

        Sys.ActorOf(Props.Create(() => new Echo())).Tell("hello");

        ExpectMsg("hello");
    }
}
