using System.Collections.Concurrent;

namespace IterativeDpo.Actors.Tests.Simulation;

/// <summary>Campaigns with their workers under thousands of schedules of faults. A schedule follows from its seed.</summary>
public sealed class CampaignSimulationTests
{
    private static readonly int Schedules = int.Parse(Environment.GetEnvironmentVariable("SCHEDULES") ?? "2000");

    [Fact]
    public void Campaign_ends_as_without_faults_whatever_goes_wrong()
    {
        var failures = new ConcurrentBag<(int Seed, string Message)>();

        Parallel.For(0, Schedules, new ParallelOptions { MaxDegreeOfParallelism = 2 }, (seed, loop) =>
        {
            if (Failure(seed) is { } message)
            {
                failures.Add((seed, message));
            }
        });

        Assert.True(failures.IsEmpty, $"{failures.Count} of {Schedules}: " + string.Join(
            '\n', failures.GroupBy(failure => string.Concat(failure.Message.Where(c => !char.IsDigit(c)))).Take(20).Select(g => $"{g.Count()} like seed {g.Min().Seed}: {g.Min().Message}")));
    }

    private static string? Failure(int seed)
    {
        try
        {
            SimulatedCluster.Run(seed);
            return null;
        }
        catch (Exception e)
        {
            return e is InvariantException ? e.Message : e.ToString();
        }
    }
}
