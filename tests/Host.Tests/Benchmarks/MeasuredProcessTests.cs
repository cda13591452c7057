using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public sealed class MeasuredProcessTests
{
    [Fact]
    public void Run_commandThatFails_namesIt() => Assert.Contains(
        "'sh -c exit 3' ended with 3",
        Assert.Throws<BenchmarkException>(() => MeasuredProcess.Run(["sh", "-c", "exit 3"], default)).Message);

    [Fact]
    public void Run_commandThatIsMissing_namesIt() => Assert.Contains(
        "'no-such-command' cannot be run",
        Assert.Throws<BenchmarkException>(() => MeasuredProcess.Run(["no-such-command"], default)).Message);

    [Fact]
    public void Run_cancelled_endsTheCommand()
    {
        using var stop = new CancellationTokenSource();
        var canceling = Task.Run(stop.Cancel);

        Assert.ThrowsAny<OperationCanceledException>(() => MeasuredProcess.Run(["sleep", "600"], stop.Token));
    }

    [Fact]
    public void Run_gives_the_process_its_environment_and_no_other()
    {
        string[] command = ["sh", "-c", """echo "{\"threads\": ${BENCH_TEST:-1}}" """];
        int Threads(Dictionary<string, string>? environment) => MeasuredProcess.Run(command, default, environment).Threads;

        Assert.Equal((3, 1), (Threads(new() { ["BENCH_TEST"] = "3" }), Threads(null)));
    }
}
