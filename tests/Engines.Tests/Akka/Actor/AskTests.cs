using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Actor;

/// <summary>An answer as a task.</summary>
public sealed class AskTests : TestKit
{
    [Fact]
    public async Task Ask_answered_givesTheAnswer()
    {
        var answer = await Sys.ActorOf<Echo>().Ask<string>("hello", TimeSpan.FromSeconds(10));

        Assert.Equal("hello", answer);
    }

    [Fact]
    public async Task Ask_unanswered_failsWithAskTimeout()
    {
        var silent = Sys.ActorOf<Silent>();

        await Assert.ThrowsAsync<AskTimeoutException>(() => silent.Ask<string>("hello", TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public async Task Ask_answeredByStatusFailure_throwsItsCause()
    {
        var echo = Sys.ActorOf<Echo>();

        var failure = await Assert.ThrowsAsync<FormatException>(
            () => echo.Ask<string>(new Status.Failure(new FormatException("bad")), TimeSpan.FromSeconds(10)));
        Assert.Equal("bad", failure.Message);
    }

    [Fact]
    public async Task Ask_answeredByAnotherType_throwsArgumentException()
    {
        var echo = Sys.ActorOf<Echo>();

        await Assert.ThrowsAsync<ArgumentException>(() => echo.Ask<string>(42, TimeSpan.FromSeconds(10)));
    }

    private sealed class Silent : ReceiveActor
    {
        public Silent() => ReceiveAny(_ => { });
    }
}
