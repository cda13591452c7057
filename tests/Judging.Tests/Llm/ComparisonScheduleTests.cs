using IterativeDpo.Judging.Llm;

namespace IterativeDpo.Judging.Tests.Llm;

public sealed class ComparisonScheduleTests
{
    [Fact]
    public void Of_all_isEveryTwoOnce() =>
        Assert.Equal([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], ComparisonSchedule.Of(4, 0, seed: 1));

    [Fact]
    public void Of_aNumber_hasSoManyDifferentOnesAndEveryItemAboutEquallyOften()
    {
        for (var count = 2; count <= 12; count++)
        {
            for (var most = 1; most <= (count * (count - 1) / 2) + 1; most++)
            {
                var pairs = ComparisonSchedule.Of(count, most, seed: (ulong)(100 * count + most));

                Assert.Equal(Math.Clamp(most, (count + 1) / 2, count * (count - 1) / 2), pairs.Count);
                Assert.Equal(pairs.Count, pairs.Distinct().Count());
                Assert.All(pairs, pair => Assert.True(pair.First < pair.Second));
                int[] times = [.. Enumerable.Range(0, count).Select(i => pairs.Count(pair => pair.First == i || pair.Second == i))];
                Assert.InRange(times.Min(), 1, count);
                Assert.InRange(times.Max() - times.Min(), 0, 2);
            }
        }
    }

    [Fact]
    public void Of_aNumber_followsTheSeed()
    {
        Assert.Equal(ComparisonSchedule.Of(10, 10, seed: 1), ComparisonSchedule.Of(10, 10, seed: 1));
        Assert.NotEqual(ComparisonSchedule.Of(10, 10, seed: 1), ComparisonSchedule.Of(10, 10, seed: 2));
    }

    [Fact]
    public void Of_fewerThanTwo_isEmpty() => Assert.Empty(ComparisonSchedule.Of(1, 0, seed: 1));
}
