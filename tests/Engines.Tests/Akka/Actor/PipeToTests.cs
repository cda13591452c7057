using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Actor;

/// <summary>A task's outcome as a message.</summary>
public sealed class PipeToTests : TestKit
{
    private sealed record Number(int Value);

    [Fact]
    public void PipeTo_sendsTheResult()
    {
        Task.FromResult(new Number(7)).PipeTo(TestActor);

        ExpectMsg(new Number(7));
    }

    [Fact]
    public void PipeTo_sendsWhatSuccessMakesOfTheResult()
    {
        Task.FromResult(7).PipeTo(TestActor, success: value => new Number(value));

        ExpectMsg(new Number(7));
    }

    [Fact]
    public void PipeTo_ofAFailedTask_sendsStatusFailure()
    {
        Task.FromException<int>(new FormatException("bad")).PipeTo(TestActor);

        ExpectMsg<Status.Failure>(failure => failure.Cause is FormatException);
    }

    [Fact]
    public void PipeTo_ofAFailedTask_sendsWhatFailureMakesOfIt()
    {
        Task.FromException<int>(new FormatException("bad")).PipeTo(TestActor, failure: cause => cause.Message);

        ExpectMsg("bad");
    }
}
