using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class DataTests
{
    [Fact]
    public void data_of_a_transposed_view_reads_in_the_order_of_the_view()
    {
        using var scope = NewDisposeScope();
        var transposed = tensor(new float[] { 1, 2, 3, 4, 5, 6 }, [2, 3]).t();

        Assert.Equal([1f, 4f, 2f, 5f, 3f, 6f], transposed.data<float>().ToArray());
    }

    [Fact]
    public void CopyFrom_writes_into_the_tensor()
    {
        using var scope = NewDisposeScope();
        var target = zeros(4);
        target.data<float>().CopyFrom(new float[] { 1, 2 }, arrayIndex: 0, tensorIndex: 1);

        Assert.Equal([0f, 1f, 2f, 0f], target.data<float>().ToArray());
    }

    [Fact]
    public void CopyTo_a_shorter_span_stops_at_its_end()
    {
        using var scope = NewDisposeScope();
        var two = new float[2];
        tensor(new float[] { 1, 2, 3 }).data<float>().CopyTo(two, tensorIndex: 1);

        Assert.Equal([2f, 3f], two);
    }

    [Fact]
    public void data_of_another_element_type_throws()
    {
        using var scope = NewDisposeScope();
        var floats = ones(1);

        Assert.Throws<ArgumentException>(() => floats.data<double>());
    }

    [Fact]
    public void bytes_are_those_of_the_elements()
    {
        using var scope = NewDisposeScope();
        var numbers = zeros(2);
        numbers.bytes = BitConverter.GetBytes(1.5f).Concat(BitConverter.GetBytes(-2f)).ToArray();

        Assert.Equal([1.5f, -2f], numbers.data<float>().ToArray());
        Assert.Equal(-2f, BitConverter.ToSingle(numbers.bytes[4..]));
    }

    [Fact]
    public void bytes_of_a_transposed_view_throw()
    {
        using var scope = NewDisposeScope();
        var transposed = zeros(2, 3).t();

        Assert.Throws<InvalidOperationException>(() => transposed.bytes.Length);
    }

    [Fact]
    public void bfloat16_round_trip_keeps_eight_bits_of_fraction()
    {
        using var scope = NewDisposeScope();
        var rounded = tensor(new float[] { 1f, 1f + 1f / 128, 1f + 1f / 512, -3.140625f }).to(ScalarType.BFloat16);

        Assert.Equal(2, rounded.ElementSize);
        Assert.Equal([1f, 1f + 1f / 128, 1f, -3.140625f], rounded.to(ScalarType.Float32).data<float>().ToArray());
    }

    [Fact]
    public void data_of_bfloat16_gives_the_numbers()
    {
        using var scope = NewDisposeScope();
        var halves = tensor(new float[] { 0.5f, -2f }).to(ScalarType.BFloat16).data<BFloat16>().ToArray();

        Assert.Equal([0.5f, -2f], halves.Select(half => half.ToSingle()));
    }

    [Fact]
    public void item_of_several_elements_throws()
    {
        using var scope = NewDisposeScope();
        var two = zeros(2);

        Assert.Throws<ArgumentException>(() => two.item<float>());
    }

    [Fact]
    public void ToDouble_converts_the_only_element()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(3d, tensor(3L).ToDouble());
        Assert.Equal(3, tensor(3.0f).ToInt32());
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
