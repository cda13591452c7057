using IterativeDpo.Training.Data;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Training.Tests.Data;

/// <summary>A store goes to the trainer as it is: no step on the way makes a list of it.</summary>
public sealed class StoredTrainingTests(DataFiles files) : IClassFixture<DataFiles>
{
    [Fact]
    public void Apply_store_within_the_length_is_not_read()
    {
        using var data = files.Open(Rows());

        Assert.Same(data.Examples, ExampleTruncation.Apply(data.Examples, 64).Examples);
    }

    [Fact]
    public void Apply_store_over_the_length_is_cut()
    {
        using var data = files.Open(Rows());

        Assert.All(ExampleTruncation.Apply(data.Examples, 4).Examples, example => Assert.InRange(example.First.Length, 1, 2));
    }

    [Fact]
    public void ExamplesOf_store_for_kto_is_not_read()
    {
        using var data = files.Open(Rows(), new DataOptions(64, Unpaired: true));

        Assert.Same(data.Examples, new Objective(new("kto")).ExamplesOf(data.Examples));
    }

    [Fact]
    public void ExamplesOf_store_for_a_loss_without_mismatches_has_none()
    {
        using var data = files.Open(Rows(), new DataOptions(64, Unpaired: true));

        var examples = new Objective(new("apo_zero_unpaired")).ExamplesOf(data.Examples);

        Assert.Same(examples, ExampleTruncation.Apply(examples, 64).Examples);
        Assert.All(examples, example => Assert.Empty(example.Second));
        Assert.All(Enumerable.Range(0, examples.Count), i => Assert.Equal(0, ((ISizedExamples)examples).SizeOf(i).SecondTokens));
    }

    private string Rows() =>
        files.Write("""{"prompt":"a","chosen":"bbb","rejected":"ccc"}""", """{"prompt":"d","chosen":"e","rejected":"f"}""");
}
