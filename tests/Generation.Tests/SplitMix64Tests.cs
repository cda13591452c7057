namespace IterativeDpo.Generation.Tests;

public class SplitMix64Tests
{
    [Fact]
    public void Next_seedZero_givesThePublishedSequence()
    {
        var random = new SplitMix64(0);

        Assert.Equal([0xE220A8397B1DCDAFUL, 0x6E789E6AA1B965F4UL, 0x06C45D188009454FUL], [random.Next(), random.Next(), random.Next()]);
    }

    [Fact]
    public void Between_manyDraws_reachesBothEndsAndNothingElse()
    {
        var random = new SplitMix64(7);

        var drawn = Enumerable.Range(0, 500).Select(_ => random.Between(-2, 3)).Distinct().Order();

        Assert.Equal([-2, -1, 0, 1, 2, 3], drawn);
    }

    [Fact]
    public void NextDouble_manyDraws_staysInTheUnitInterval()
    {
        var random = new SplitMix64(8);

        var drawn = Enumerable.Range(0, 1_000).Select(_ => random.NextDouble()).ToArray();

        Assert.True(drawn.Min() is >= 0 and < 0.02 && drawn.Max() is < 1 and > 0.98);
    }

    [Fact]
    public void Shuffle_manyTimes_putsEveryItemInEveryPlace()
    {
        var random = new SplitMix64(9);
        var places = new HashSet<(int, int)>();
        for (var i = 0; i < 200; i++)
        {
            int[] items = [0, 1, 2];
            random.Shuffle(items.AsSpan());
            Assert.Equal([0, 1, 2], items.Order());
            places.UnionWith(items.Select((item, at) => (item, at)));
        }

        Assert.Equal(9, places.Count);
    }
}
