using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class ViewTests
{
    private static Tensor Grid() => arange(6).to(ScalarType.Float32).view(2, 3);

    private static float[] Elements(Tensor tensor) => tensor.contiguous().data<float>().ToArray();

    [Fact]
    public void change_in_place_of_a_view_changes_what_it_views()
    {
        using var scope = NewDisposeScope();
        var grid = Grid();
        grid.narrow(1, 1, 2).mul_(10);

        Assert.Equal([0f, 10f, 20f, 3f, 40f, 50f], Elements(grid));
    }

    [Fact]
    public void view_of_sizes_that_do_not_fit_throws()
    {
        using var scope = NewDisposeScope();
        var grid = Grid();

        Assert.Throws<ExternalException>(() => grid.view(4, 2));
    }

    [Fact]
    public void reshape_of_a_transposed_view_copies_in_its_order()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([0f, 3f, 1f, 4f, 2f, 5f], Elements(Grid().t().reshape(6)));
    }

    [Fact]
    public void permute_orders_the_dimensions()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([4L, 2L, 3L], zeros(24).view(2, 3, 4).permute(2, 0, 1).shape);
        Assert.Equal([2L, 4L, 3L], zeros(24).view(2, 3, 4).transpose(1, -1).shape);
    }

    [Fact]
    public void squeeze_and_unsqueeze_take_and_give_a_dimension_of_one()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([2L, 1L, 3L], Grid().unsqueeze(1).shape);
        Assert.Equal([2L, 3L], Grid().unsqueeze(1).squeeze(1).shape);
        Assert.Equal([3L], zeros(3).view(1, 3, 1).squeeze().shape);
    }

    [Fact]
    public void flatten_joins_the_dimensions_from_the_one_given()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([2L, 12L], zeros(24).view(2, 3, 4).flatten(1).shape);
    }

    [Fact]
    public void cat_joins_what_narrow_cut()
    {
        using var scope = NewDisposeScope();
        var (left, right) = (Grid().narrow(1, 0, 1), Grid().narrow(1, 1, 2));

        Assert.Equal(Elements(Grid()), Elements(cat([left, right], 1)));
    }

    [Fact]
    public void clone_does_not_share()
    {
        using var scope = NewDisposeScope();
        var original = zeros(1);
        var copy = original.clone();
        original.add_(1);

        Assert.Equal(0f, copy.item<float>());
    }

    [Fact]
    public void stack_adds_a_dimension()
    {
        using var scope = NewDisposeScope();
        var stacked = stack([tensor(new float[] { 1, 2 }), tensor(new float[] { 3, 4 })], 1);

        Assert.Equal([1f, 3f, 2f, 4f], Elements(stacked));
    }

    [Fact]
    public void repeat_interleave_repeats_each_row()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([1f, 1f, 2f, 2f], Elements(tensor(new float[] { 1, 2 }).repeat_interleave(2)));
    }

    [Fact]
    public void tril_keeps_the_lower_triangle()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([1f, 0f, 1f, 1f], Elements(ones(2, 2).tril()));
        Assert.Equal([0f, 1f, 0f, 0f], Elements(ones(2, 2).triu(1)));
    }
}
