using System.Collections.Concurrent;

namespace IterativeDpo.Actors.Tests.Simulation;

/// <summary>
/// Campaigns with their workers under thousands of schedules of faults. A schedule follows from its seed. It takes all processors: others
/// wait.
/// </summary>
[CollectionDefinition(nameof(CampaignSimulationTests), DisableParallelization = true)]
[Collection(nameof(CampaignSimulationTests))]
public sealed class CampaignSimulationTests
{
    /// <summary>More by hand.</summary>
    private static readonly int s_schedules = int.Parse(Environment.GetEnvironmentVariable("SCHEDULES") ?? "4000");

    [Fact]
    public void Campaign_ends_as_without_faults_whatever_goes_wrong()
    {
        var failures = new ConcurrentBag<(int Seed, string Message)>();

        Parallel.For(0, s_schedules, new ParallelOptions { MaxDegreeOfParallelism = 2 }, (seed, loop) =>
        {
            if (Failure(seed) is { } message)
            {
                failures.Add((seed, message));
            }
        });

        var kinds = failures.GroupBy(failure => string.Concat(failure.Message.Where(c => !char.IsDigit(c))))
            .Select(kind => $"{kind.Count()} like seed {kind.Min().Seed}: {kind.Min().Message}");
        Assert.True(failures.IsEmpty, $"{failures.Count} of {s_schedules}: {string.Join('\n', kinds.Take(20))}");
    }

    /// <summary>What was wrong when this schedule failed.</summary>
    [Theory]
    [InlineData(3574, "another campaign's answer settled a result that had the same number")]
    [InlineData(21, "a pause cancelled what was in hand")]
    [InlineData(217, "an order was sent again that was not due any more")]
    [InlineData(160, "a failure was told as that of a later order too")]
    [InlineData(671, "a failure that was told twice counted twice")]
    [InlineData(6, "what came during recovery was counted from an event by another node's clock")]
    [InlineData(3815, "work of a silent worker went to another silent one")]
    public void Schedule_that_once_found_a_fault(int seed, string fault) => Assert.True(Failure(seed) is null, $"{fault}: {Failure(seed)}");

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
