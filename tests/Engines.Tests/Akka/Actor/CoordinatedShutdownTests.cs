using System.Collections.Concurrent;
using Akka;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;

namespace IterativeDpo.Engines.Tests.Akka.Actor;

/// <summary>The order of an actor system's end.</summary>
public sealed class CoordinatedShutdownTests : TestKit
{
    private readonly ConcurrentQueue<string> _ran = new();

    public CoordinatedShutdownTests()
        : base(ConfigurationFactory.ParseString("akka.loglevel = OFF, akka.coordinated-shutdown.phases.service-stop.timeout = 100ms"))
    {
    }

    [Fact]
    public async Task Run_runsPhasesInOrderAndEndsTheSystem()
    {
        var shutdown = CoordinatedShutdown.Get(Sys);
        Add(shutdown, CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "last");
        Add(shutdown, CoordinatedShutdown.PhaseServiceStop, "second");
        Add(shutdown, CoordinatedShutdown.PhaseBeforeServiceUnbind, "first");

        await shutdown.Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(["first", "second", "last"], _ran);
        Assert.True(Sys.WhenTerminated.IsCompleted);
    }

    [Fact]
    public async Task Run_taskThatFails_doesNotKeepLaterPhasesFromRunning()
    {
        var shutdown = CoordinatedShutdown.Get(Sys);
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "fails", () => throw new FormatException("on demand"));
        Add(shutdown, CoordinatedShutdown.PhaseServiceStop, "later");

        await shutdown.Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(["later"], _ran);
    }

    [Fact]
    public async Task Run_phaseOverItsTime_isLeftBehind()
    {
        var shutdown = CoordinatedShutdown.Get(Sys);
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "hangs", () => new TaskCompletionSource<Done>().Task);
        Add(shutdown, CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "later");

        await shutdown.Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(["later"], _ran);
    }

    [Fact]
    public async Task Run_twice_runsTasksOnceAndKeepsTheFirstReason()
    {
        var shutdown = CoordinatedShutdown.Get(Sys);
        Add(shutdown, CoordinatedShutdown.PhaseServiceUnbind, "once");

        await shutdown.Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(TimeSpan.FromSeconds(20));
        await shutdown.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(["once"], _ran);
        Assert.Same(CoordinatedShutdown.ClrExitReason.Instance, shutdown.ShutdownReason);
    }

    [Fact]
    public async Task Terminate_runsTheTasks()
    {
        Add(CoordinatedShutdown.Get(Sys), CoordinatedShutdown.PhaseServiceUnbind, "ran");

        await Sys.Terminate().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(["ran"], _ran);
    }

    [Fact]
    public void AddTask_unknownPhase_throws()
    {
        var shutdown = CoordinatedShutdown.Get(Sys);

        Assert.Throws<ConfigurationException>(() => Add(shutdown, "no-such-phase", "never"));
    }

    private void Add(CoordinatedShutdown shutdown, string phase, string name) => shutdown.AddTask(phase, name, () =>
    {
        _ran.Enqueue(name);
        return Task.FromResult(Done.Instance);
    });
}
