using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class ReductionTests
{
    private static Tensor Grid() => tensor(new float[] { 1, 5, 3, 4, 2, 6 }, [2, 3]);

    private static float[] Elements(Tensor tensor) => tensor.data<float>().ToArray();

    [Fact]
    public void sum_is_over_everything_or_the_dimensions_given()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(21f, Grid().sum().ToSingle());
        Assert.Equal([9f, 12f], Elements(Grid().sum(1)));
        Assert.Equal([1L, 3L], Grid().sum(0, keepdim: true).shape);
        Assert.Equal(21f, Grid().sum([0L, 1L]).ToSingle());
    }

    [Fact]
    public void mean_and_deviation_are_those_of_the_elements()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(3.5f, Grid().mean().ToSingle());
        Assert.Equal([3f, 4f], Elements(Grid().mean([1])));
        Assert.Equal(3.5f, Grid().var().ToSingle(), 1e-5f);
        Assert.Equal(MathF.Sqrt(3.5f), Grid().std().ToSingle(), 1e-5f);
    }

    [Fact]
    public void norm_is_the_root_of_the_sum_of_squares()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(5f, tensor(new float[] { 3, -4 }).norm().ToSingle());
        Assert.Equal(7f, tensor(new float[] { 3, -4 }).norm(1f).ToSingle());
    }

    [Fact]
    public void max_along_a_dimension_gives_values_and_places()
    {
        using var scope = NewDisposeScope();
        var (values, places) = Grid().max(1);

        Assert.Equal([5f, 6f], Elements(values));
        Assert.Equal([1L, 2L], places.data<long>().ToArray());
        Assert.Equal(1f, Grid().min().ToSingle());
        Assert.Equal([1L, 2L], Grid().argmax(1).data<long>().ToArray());
    }

    [Fact]
    public void topk_gives_the_largest_first()
    {
        using var scope = NewDisposeScope();
        var (values, places) = Grid().topk(2);

        Assert.Equal([5f, 3f, 6f, 4f], Elements(values));
        Assert.Equal([1L, 2L, 2L, 0L], places.data<long>().ToArray());
    }

    [Fact]
    public void sort_descending_orders_and_argsort_says_how()
    {
        using var scope = NewDisposeScope();
        var numbers = tensor(new float[] { 2, 3, 1 });

        Assert.Equal([3f, 2f, 1f], Elements(numbers.sort(descending: true).Values));
        Assert.Equal([2L, 0L, 1L], numbers.argsort().data<long>().ToArray());
    }

    [Fact]
    public void cumsum_adds_up_along_the_dimension()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([1f, 6f, 9f, 4f, 6f, 12f], Elements(Grid().cumsum(1)));
    }

    [Fact]
    public void logsumexp_of_large_numbers_does_not_overflow()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(1000f + MathF.Log(2), tensor(new float[] { 1000, 1000 }).logsumexp(0).ToSingle(), 1e-3f);
    }

    [Fact]
    public void softmax_sums_to_one_and_log_softmax_is_its_logarithm()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new float[] { 0, MathF.Log(3) });

        Assert.True(logits.softmax(0).allclose(tensor(new float[] { 0.25f, 0.75f }), atol: 1e-6));
        Assert.True(logits.log_softmax(0).exp().allclose(tensor(new float[] { 0.25f, 0.75f }), atol: 1e-6));
    }

    [Fact]
    public void all_and_any_combine_booleans()
    {
        using var scope = NewDisposeScope();
        var mixed = tensor(new bool[] { true, false });

        Assert.False(mixed.all().ToBoolean());
        Assert.True(mixed.any().ToBoolean());
    }
}
