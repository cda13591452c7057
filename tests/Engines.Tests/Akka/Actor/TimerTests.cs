using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Actor;

/// <summary>Timers, the receive timeout and the scheduler.</summary>
public sealed class TimerTests : TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan Never = TimeSpan.FromMinutes(10);

    public TimerTests()
        : base(ConfigurationFactory.ParseString("akka.loglevel = OFF"))
    {
    }

    [Fact]
    public void StartSingleTimer_sendsItsMessageOnce()
    {
        Timed().Tell(new StartSingle("key", "tick", Soon));

        ExpectMsg("tick, active: False");
        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void StartPeriodicTimer_sendsItsMessageAgainAndAgain()
    {
        Timed().Tell(new StartPeriodic("key", "tick", Soon));

        for (var i = 0; i < 3; i++) ExpectMsg("tick, active: True");
    }

    [Fact]
    public void StartSingleTimer_sameKey_replacesTheFirst()
    {
        var actor = Timed();

        actor.Tell(new StartSingle("key", "first", Never));
        actor.Tell(new StartSingle("key", "second", Soon));

        ExpectMsg("second, active: False");
    }

    [Fact]
    public void Cancel_messageAlreadyInTheMailbox_isDropped()
    {
        var actor = Timed();

        actor.Tell(new StartSingle("key", "late", TimeSpan.Zero));
        actor.Tell(new WorkThenCancel("key", TimeSpan.FromMilliseconds(100)));

        ExpectMsg("cancelled");
        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Restart_cancelsTimers()
    {
        var actor = Timed();
        actor.Tell(new StartPeriodic("key", "tick", Soon));
        ExpectMsg("tick, active: True");

        actor.Tell("fail");
        actor.Tell("active?");

        FishForMessage(message => Equals(message, false));
        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void SetReceiveTimeout_silence_givesReceiveTimeout()
    {
        Sys.ActorOf(Props.Create(() => new Impatient(TestActor, Soon)));

        ExpectMsg("timeout");
    }

    [Fact]
    public void SetReceiveTimeout_null_turnsItOff()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Impatient(TestActor, TimeSpan.FromMilliseconds(300))));

        actor.Tell("off");

        ExpectNoMsg(TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public void ScheduleTellOnce_cancelled_sendsNothing()
    {
        var cancelable = Sys.Scheduler.ScheduleTellOnceCancelable(TimeSpan.FromMilliseconds(100), TestActor, "late", ActorRefs.NoSender);

        cancelable.Cancel();

        ExpectNoMsg(TimeSpan.FromMilliseconds(250));
    }

    [Fact]
    public void ScheduleTellRepeatedly_cancelled_sendsNoMore()
    {
        var cancelable = Sys.Scheduler.ScheduleTellRepeatedlyCancelable(Soon, Soon, TestActor, "tick", ActorRefs.NoSender);
        ExpectMsg("tick");
        ExpectMsg("tick");

        cancelable.Cancel();

        FishForSilence();
    }

    private IActorRef Timed() => Sys.ActorOf(Props.Create(() => new TimedActor(TestActor)));

    private void FishForSilence()
    {
        while (ReceiveOne(TimeSpan.FromMilliseconds(200)) is not null && HasMessages)
        {
            // What was on its way already.
        }

        ExpectNoMsg(TimeSpan.FromMilliseconds(200));
    }

    private sealed record StartSingle(object Key, string Message, TimeSpan Delay);

    private sealed record StartPeriodic(object Key, string Message, TimeSpan Interval);

    private sealed record WorkThenCancel(object Key, TimeSpan Work);

    private sealed class TimedActor : ReceiveActor, IWithTimers
    {
        public TimedActor(IActorRef target)
        {
            Receive<StartSingle>(start => Timers.StartSingleTimer(start.Key, start.Message, start.Delay));
            Receive<StartPeriodic>(start => Timers.StartPeriodicTimer(start.Key, start.Message, start.Interval));
            Receive<WorkThenCancel>(cancel =>
            {
                Thread.Sleep(cancel.Work);
                Timers.Cancel(cancel.Key);
                target.Tell("cancelled");
            });
            Receive<string>(text => text == "fail", _ => throw new FormatException("on demand"));
            Receive<string>(text => text == "active?", _ => target.Tell(Timers.IsTimerActive("key")));
            Receive<string>(text => target.Tell($"{text}, active: {Timers.IsTimerActive("key")}"));
        }

        public ITimerScheduler Timers { get; set; } = null!;
    }

    private sealed class Impatient : ReceiveActor
    {
        public Impatient(IActorRef target, TimeSpan timeout)
        {
            SetReceiveTimeout(timeout);
            Receive<ReceiveTimeout>(_ => target.Tell("timeout"));
            Receive<string>(_ => SetReceiveTimeout(null));
        }
    }
}
