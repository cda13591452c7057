namespace IterativeDpo.EndToEnd.Tests;

public sealed class BenchTests
{
    [Fact]
    public void Bench_interrupted_printsWhatIsDoneAndExits130()
    {
        using var process = DpoProcess.Start("bench", "scaling", "--json");
        Assert.True(process.WaitForLine(line => line.StartsWith("measured: ", StringComparison.Ordinal)), process.Errors);

        process.Interrupt();

        Assert.Equal(130, process.WaitForExit());
        Assert.True(process.Json.GetProperty("results").GetArrayLength() > 0);
    }

    [Fact]
    public void Bench_actorsWithThreads_isRefusedBecauseTheyWouldBeWithoutEffect()
    {
        using var process = DpoProcess.Run("bench", "actors", "--threads", "2");

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("--threads", process.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Bench_killed_takesItsNeighboursWithIt()
    {
        using var process = DpoProcess.Start("bench", "generation", "--neighbour", "2", "--threads", "1");
        Assert.True(process.WaitForLine(line => line == "busy neighbours: 2"), process.Errors);
        int[] neighbours = [.. process.Tree.Skip(1)];

        process.Kill9();

        Assert.Equal(2, neighbours.Length);
        Assert.True(
            SpinWait.SpinUntil(() => !DpoProcess.Living().Any(other => neighbours.Contains(other.Id)), TimeSpan.FromSeconds(30)),
            "a neighbour lives on");
    }
}
