using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class CreationTests
{
    private static readonly long[] TwoByThree = [2, 3];

    [Fact]
    public void tensor_of_an_array_does_not_share_its_memory()
    {
        using var scope = NewDisposeScope();
        var numbers = new float[] { 1, 2 };
        var made = tensor(numbers);
        numbers[0] = 9;

        Assert.Equal([1f, 2f], made.data<float>().ToArray());
    }

    [Fact]
    public void tensor_takes_the_element_type_of_the_numbers()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(ScalarType.Int64, tensor(new long[] { 1 }).dtype);
        Assert.Equal(ScalarType.Float64, tensor(new double[] { 1 }).dtype);
        Assert.Equal(ScalarType.Byte, tensor(new byte[] { 1 }).dtype);
        Assert.Equal(ScalarType.Int8, tensor(new sbyte[] { 1 }).dtype);
    }

    [Fact]
    public void tensor_with_another_element_type_converts()
    {
        using var scope = NewDisposeScope();
        var made = tensor(new float[] { 1.75f, -2.5f }, dtype: ScalarType.Int64);

        Assert.Equal([1L, -2L], made.data<long>().ToArray());
    }

    [Fact]
    public void zeros_ones_and_full_hold_what_they_say()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(0f, zeros(2, 3).sum().item<float>());
        Assert.Equal(6f, ones(2, 3).sum().item<float>());
        Assert.Equal(15f, full([2, 3], 2.5f).sum().item<float>());
    }

    [Fact]
    public void zeros_without_an_element_type_are_floats()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(ScalarType.Float32, zeros(1).dtype);
    }

    [Fact]
    public void arange_of_whole_numbers_counts_in_int64()
    {
        using var scope = NewDisposeScope();
        var numbers = arange(2, 5);

        Assert.Equal(ScalarType.Int64, numbers.dtype);
        Assert.Equal([2L, 3L, 4L], numbers.data<long>().ToArray());
    }

    [Fact]
    public void arange_with_a_fraction_counts_in_floats()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([0.5f, 1.5f, 2.5f], arange(0.5, 3).data<float>().ToArray());
    }

    [Fact]
    public void zeros_like_takes_shape_and_element_type_over()
    {
        using var scope = NewDisposeScope();
        var made = zeros_like(ones(2, 3, dtype: ScalarType.Float64));

        Assert.Equal(TwoByThree, made.shape);
        Assert.Equal(ScalarType.Float64, made.dtype);
        Assert.Equal(0d, made.sum().item<double>());
    }
}
