using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class ReductionTests
{
    private static Tensor Grid() => tensor(new float[] { 1, 5, 3, 4, 2, 6 }).view(2, 3);

    private static float[] Elements(Tensor tensor) => tensor.data<float>().ToArray();

    [Fact]
    public void sum_is_over_everything_or_the_dimensions_given()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(21f, Grid().sum().item<float>());
        Assert.Equal([9f, 12f], Elements(Grid().sum(1)));
        Assert.Equal([1L, 3L], Grid().sum(0, keepdim: true).shape);
        Assert.Equal(21f, Grid().sum([0L, 1L]).item<float>());
    }

    [Fact]
    public void mean_is_over_everything_or_the_dimensions_given()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(3.5f, Grid().mean().item<float>());
        Assert.Equal([3f, 4f], Elements(Grid().mean([1])));
    }

    [Fact]
    public void norm_is_the_root_of_the_sum_of_squares()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(5f, tensor(new float[] { 3, -4 }).norm().item<float>());
        Assert.Equal(7f, tensor(new float[] { 3, -4 }).norm(1f).item<float>());
    }

    [Fact]
    public void max_is_of_everything_or_the_dimension_given_and_argmax_its_place()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(6f, Grid().max().item<float>());
        Assert.Equal([5f, 6f], Elements(Grid().amax(1)));
        Assert.Equal([1L, 2L], Grid().argmax(1).data<long>().ToArray());
    }

    [Fact]
    public void sort_descending_gives_values_and_places()
    {
        using var scope = NewDisposeScope();
        var (values, places) = tensor(new float[] { 2, 3, 1 }).sort(descending: true);

        Assert.Equal([3f, 2f, 1f], Elements(values));
        Assert.Equal([1L, 0L, 2L], places.data<long>().ToArray());
    }

    [Fact]
    public void logsumexp_of_large_numbers_does_not_overflow()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(1000f + MathF.Log(2), tensor(new float[] { 1000, 1000 }).logsumexp(0).item<float>(), 1e-3f);
    }

    [Fact]
    public void softmax_sums_to_one_and_log_softmax_is_its_logarithm()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new float[] { 0, MathF.Log(3) });
        static bool Close(float left, float right) => Math.Abs(left - right) <= 1e-6f;

        Assert.Equal([0.25f, 0.75f], Elements(logits.softmax(0)), Close);
        Assert.Equal([0.25f, 0.75f], Elements(logits.log_softmax(0).exp()), Close);
    }
}
