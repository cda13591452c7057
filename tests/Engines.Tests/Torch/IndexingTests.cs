using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class IndexingTests
{
    private static Tensor Grid() => arange(6).to(ScalarType.Float32).view(2, 3);

    private static float[] Elements(Tensor tensor) => tensor.contiguous().data<float>().ToArray();

    [Fact]
    public void index_with_two_numbers_gives_the_element_in_place()
    {
        using var scope = NewDisposeScope();
        var grid = Grid();
        grid[1, 2].fill_(9);

        Assert.Equal([0f, 1f, 2f, 3f, 4f, 9f], Elements(grid));
    }

    [Fact]
    public void index_select_takes_in_the_order_given()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([2f, 0f, 5f, 3f], Elements(Grid().index_select(1, tensor(new long[] { 2, 0 }))));
    }

    [Fact]
    public void gather_takes_one_of_each_row()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([2f, 4f], Elements(Grid().gather(1, tensor(new long[] { 2, 1 }).view(2, 1))));
    }

    [Fact]
    public void index_add_adds_scaled_rows()
    {
        using var scope = NewDisposeScope();
        var sums = zeros(2, 2).index_add_(0, tensor(new long[] { 1, 1 }), ones(2, 2), 0.5);

        Assert.Equal([0f, 0f, 1f, 1f], Elements(sums));
    }

    [Fact]
    public void index_copy_replaces_rows()
    {
        using var scope = NewDisposeScope();
        var rows = zeros(2, 2).index_copy_(0, tensor(new long[] { 1 }), ones(1, 2));

        Assert.Equal([0f, 0f, 1f, 1f], Elements(rows));
    }

    [Fact]
    public void masked_fill_replaces_where_the_mask_holds()
    {
        using var scope = NewDisposeScope();
        var numbers = tensor(new float[] { 1, -2, 3 });
        var filled = numbers.masked_fill(numbers.ge(0), float.NegativeInfinity);

        Assert.Equal([float.NegativeInfinity, -2f, float.NegativeInfinity], Elements(filled));
    }
}
