using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public class TrainerShapeTests
{
    [Fact]
    public void CreatePairs_lengths_are_those_the_peer_draws()
    {
        var pairs = new TrainerShape("test", 48, 32, Pairs: 200).CreatePairs();
        var lengths = pairs.SelectMany(pair => new[] { pair.ChosenIds.Length, pair.RejectedIds.Length }).ToList();

        Assert.All(pairs, pair => Assert.Equal(48, pair.PromptIds.Length));
        Assert.Equal((16, 32), (lengths.Min(), lengths.Max()));
        Assert.All(pairs.SelectMany(pair => pair.ChosenIds), id => Assert.InRange(id, 0, 511));
    }
}
