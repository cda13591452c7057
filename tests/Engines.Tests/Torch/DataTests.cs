using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class DataTests
{
    [Fact]
    public void data_of_a_transposed_view_reads_in_the_order_of_the_view()
    {
        using var scope = NewDisposeScope();
        var transposed = tensor(new float[] { 1, 2, 3, 4, 5, 6 }).view(2, 3).t();

        Assert.Equal([1f, 4f, 2f, 5f, 3f, 6f], transposed.data<float>().ToArray());
    }

    [Fact]
    public void data_of_another_element_type_throws()
    {
        using var scope = NewDisposeScope();
        var floats = ones(1);

        Assert.Throws<ArgumentException>(() => floats.data<double>());
    }

    [Fact]
    public void bfloat16_round_trip_keeps_eight_bits_of_fraction()
    {
        using var scope = NewDisposeScope();
        var rounded = tensor(new float[] { 1f, 1f + 1f / 128, 1f + 1f / 512, -3.140625f }).to(ScalarType.BFloat16);

        Assert.Equal(2, rounded.element_size());
        Assert.Equal([1f, 1f + 1f / 128, 1f, -3.140625f], rounded.to(ScalarType.Float32).data<float>().ToArray());
    }

    [Fact]
    public void item_of_several_elements_throws()
    {
        using var scope = NewDisposeScope();
        var two = zeros(2);

        Assert.Throws<ArgumentException>(() => two.item<float>());
    }

    [Fact]
    public void to_the_same_type_shares_the_storage()
    {
        using var scope = NewDisposeScope();
        var numbers = zeros(2);
        numbers.to(ScalarType.Float32).fill_(1);

        Assert.Equal([1f, 1f], numbers.data<float>().ToArray());
    }
}
