using System.Runtime.InteropServices;
using TorchSharp;
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

        Assert.Equal([4L, 2L, 3L], zeros(2, 3, 4).permute(2, 0, 1).shape);
        Assert.Equal([2L, 4L, 3L], zeros(2, 3, 4).transpose(1, -1).shape);
    }

    [Fact]
    public void squeeze_and_unsqueeze_take_and_give_a_dimension_of_one()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([2L, 1L, 3L], Grid().unsqueeze(1).shape);
        Assert.Equal([2L, 3L], Grid().unsqueeze(1).squeeze(1).shape);
        Assert.Equal([3L], zeros(1, 3, 1).squeeze().shape);
    }

    [Fact]
    public void flatten_and_unflatten_are_inverse()
    {
        using var scope = NewDisposeScope();
        var flat = zeros(2, 3, 4).flatten(1);

        Assert.Equal([2L, 12L], flat.shape);
        Assert.Equal([2L, 3L, 4L], flat.unflatten(1, 3, 4).shape);
    }

    [Fact]
    public void expand_repeats_without_copying()
    {
        using var scope = NewDisposeScope();
        var row = tensor(new float[] { 1, 2 });
        var rows = row.expand(3, 2);
        row.add_(1);

        Assert.Equal([2f, 3f, 2f, 3f, 2f, 3f], Elements(rows));
    }

    [Fact]
    public void slice_takes_every_step()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([1f, 3f], Elements(arange(5).to(ScalarType.Float32).slice(0, 1, 5, 2)));
    }

    [Fact]
    public void split_and_cat_are_inverse()
    {
        using var scope = NewDisposeScope();
        var parts = Grid().split([1, 2], 1);

        Assert.Equal([2L, 1L], parts[0].shape);
        Assert.Equal([2L, 2L], parts[1].shape);
        Assert.Equal(Elements(Grid()), Elements(cat(parts, 1)));
    }

    [Fact]
    public void chunk_cuts_into_equal_parts()
    {
        using var scope = NewDisposeScope();
        var parts = arange(6).chunk(3);

        Assert.Equal([2L, 3L], parts[1].data<long>().ToArray());
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
        Assert.Equal([1L, 2L, 2L, 2L], tensor(new long[] { 1, 2 }).repeat_interleave(tensor(new long[] { 1, 3 })).data<long>().ToArray());
    }

    [Fact]
    public void tril_keeps_the_lower_triangle()
    {
        using var scope = NewDisposeScope();

        Assert.Equal([1f, 0f, 1f, 1f], Elements(ones(2, 2).tril()));
        Assert.Equal([0f, 1f, 0f, 0f], Elements(ones(2, 2).triu(1)));
    }

    [Fact]
    public void clone_does_not_share_and_alias_does()
    {
        using var scope = NewDisposeScope();
        var original = zeros(1);
        var copy = original.clone();
        var alias = original.alias();
        original.add_(1);

        Assert.Equal(0f, copy.ToSingle());
        Assert.Equal(1f, alias.ToSingle());
    }
}
