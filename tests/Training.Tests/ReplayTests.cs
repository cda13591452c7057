namespace IterativeDpo.Training.Tests;

public class ReplayTests
{
    [Theory]
    [InlineData(100, 30, 0.25, 10)]
    [InlineData(100, 10, 0.5, 10)]
    [InlineData(100, 10, 0.9, 90)]
    [InlineData(5, 30, 0.25, 5)]
    [InlineData(0, 30, 0.25, 0)]
    [InlineData(100, 0, 0.25, 0)]
    public void Draw_takes_its_share_of_all_or_what_there_is(int earlier, int own, double share, int expected)
    {
        var drawn = Replay.Draw(earlier, own, share, 3, 1);

        Assert.Equal(expected, drawn.Length);
        Assert.Equal(drawn.Distinct().Order(), drawn);
        Assert.All(drawn, index => Assert.InRange(index, 0, earlier - 1));
    }

    [Fact]
    public void Draw_follows_from_the_seed_and_the_round()
    {
        Assert.Equal(Replay.Draw(100, 30, 0.25, 3, 1), Replay.Draw(100, 30, 0.25, 3, 1));
        Assert.NotEqual(Replay.Draw(100, 30, 0.25, 3, 1), Replay.Draw(100, 30, 0.25, 4, 1));
        Assert.NotEqual(Replay.Draw(100, 30, 0.25, 3, 1), Replay.Draw(100, 30, 0.25, 3, 2));
    }

    [Fact]
    public void Draw_is_even_over_all_pairs()
    {
        var counts = new int[20];
        for (ulong seed = 0; seed < 2000; seed++)
        {
            foreach (var index in Replay.Draw(20, 15, 0.25, seed, 1))
            {
                counts[index]++;
            }
        }

        Assert.All(counts, count => Assert.InRange(count, 400, 600));
    }
}
