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
        int[] neighbours = [.. Living().Where(other => other.Parent == process.Id).Select(other => other.Id)];

        process.Kill9();

        Assert.Equal(2, neighbours.Length);
        Assert.True(SpinWait.SpinUntil(() => !Living().Any(other => neighbours.Contains(other.Id)), TimeSpan.FromSeconds(30)), "a neighbour lives on");
    }

    /// <summary>Every process but those that nobody has asked after.</summary>
    private static IEnumerable<(int Id, int Parent)> Living()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)))
        {
            string stat;
            try
            {
                stat = File.ReadAllText(Path.Combine(folder, "stat"));
            }
            catch (IOException)
            {
                continue; // It has ended meanwhile.
            }
            // "1 (name) state parent …", and a name may have brackets.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            if (fields[0] is not ("Z" or "X"))
            {
                yield return (int.Parse(Path.GetFileName(folder)), int.Parse(fields[1]));
            }
        }
    }
}
