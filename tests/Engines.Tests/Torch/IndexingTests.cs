using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class IndexingTests
{
    private static Tensor Grid() => arange(6).to(ScalarType.Float32).view(2, 3);

    private static float[] Elements(Tensor tensor) => tensor.contiguous().data<float>().ToArray();

    [Fact]
    public void index_with_a_slice_and_a_number_selects()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([2f, 5f], Elements(Grid()[TensorIndex.Colon, TensorIndex.Single(2)]));
        Assert.Equal([1f, 4f], Elements(Grid()[TensorIndex.Ellipsis, TensorIndex.Single(1)]));
        Assert.Equal([0f, 1f, 3f, 4f], Elements(Grid()[TensorIndex.Colon, TensorIndex.Slice(stop: 2)]));
    }

    [Fact]
    public void index_with_a_new_axis_adds_a_dimension()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([2L, 1L, 3L], Grid()[TensorIndex.Colon, TensorIndex.None].shape);
    }

    [Fact]
    public void index_with_a_tensor_gathers_rows()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([3f, 4f, 5f, 0f, 1f, 2f], Elements(Grid()[tensor(new long[] { 1, 0 })]));
    }

    [Fact]
    public void set_by_index_changes_the_storage()
    {
        using var scope = NewDisposeScope();
        var grid = Grid();
        grid[TensorIndex.Colon, TensorIndex.Single(0)] = tensor(new float[] { 7, 8 });
        grid[0, 1] = tensor(9f);

        Assert.Equal([7f, 9f, 2f, 8f, 4f, 5f], Elements(grid));
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

        Assert.Equal([2f, 4f], Elements(Grid().gather(1, tensor(new long[] { 2, 1 }, [2, 1]))));
    }

    [Fact]
    public void scatter_add_sums_what_falls_together()
    {
        using var scope = NewDisposeScope();
        var sums = zeros(3).scatter_add_(0, tensor(new long[] { 2, 0, 2 }), tensor(new float[] { 1, 2, 3 }));

        Assert.Equal([2f, 0f, 4f], Elements(sums));
    }

    [Fact]
    public void scatter_puts_each_in_its_place()
    {
        using var scope = NewDisposeScope();
        var placed = zeros(3).scatter_(0, tensor(new long[] { 2, 0 }), tensor(new float[] { 1, 2 }));

        Assert.Equal([2f, 0f, 1f], Elements(placed));
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
        numbers.masked_fill_(numbers.lt(0), float.NegativeInfinity);

        Assert.Equal([1f, float.NegativeInfinity, 3f], Elements(numbers));
    }

    [Fact]
    public void masked_select_and_nonzero_agree()
    {
        using var scope = NewDisposeScope();
        var numbers = tensor(new float[] { 1, -2, 3 });

        Assert.Equal([1f, 3f], Elements(numbers.masked_select(numbers.gt(0))));
        Assert.Equal([0L, 2L], numbers.gt(0).nonzero().squeeze(1).data<long>().ToArray());
    }

    [Fact]
    public void where_chooses_element_by_element()
    {
        using var scope = NewDisposeScope();
        var chosen = where(tensor(new bool[] { true, false }), tensor(new float[] { 1, 2 }), tensor(new float[] { 3, 4 }));

        Assert.Equal([1f, 4f], Elements(chosen));
    }
}
