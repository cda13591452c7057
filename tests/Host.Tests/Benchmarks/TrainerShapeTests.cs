using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public class TrainerShapeTests
{
    [Fact]
    public void CreatePairs_lengths_are_those_the_peer_draws()
    {
        var pairs = new TrainerShape("test", 48, 32, Pairs: 200).CreatePairs(3);
        var lengths = pairs.SelectMany(pair => new[] { pair.ChosenIds.Length, pair.RejectedIds.Length }).ToList();

        Assert.All(pairs, pair => Assert.Equal(48, pair.PromptIds.Length));
        Assert.Equal((16, 32), (lengths.Min(), lengths.Max()));
        Assert.All(pairs.SelectMany(pair => pair.ChosenIds), id => Assert.InRange(id, 0, 511));
    }

    /// <summary>As in a run, no two steps have equally many rows.</summary>
    [Fact]
    public void CreatePairs_steps_differ_in_their_lengths()
    {
        var shape = TrainerShape.All[0];

        var rows = Enumerable.Range(0, shape.Steps).Select(step => shape.CreatePairs(step).Sum(pair => pair.ChosenIds.Length)).ToList();

        Assert.Equal(rows, Enumerable.Range(0, shape.Steps).Select(step => shape.CreatePairs(step).Sum(pair => pair.ChosenIds.Length)));
        Assert.True(rows.Distinct().Count() > shape.Steps / 2);
    }
}
