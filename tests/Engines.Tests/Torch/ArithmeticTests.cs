using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class ArithmeticTests
{
    private static Tensor Of(params float[] numbers) => tensor(numbers);

    private static void AssertElements(float[] expected, Tensor actual)
    {
        var elements = actual.data<float>().ToArray();
        Assert.Equal(expected.Length, elements.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], elements[i], 1e-6f);
    }

    /// <summary>The tensor itself has to change, and be the answer: a new one would count, and leave the old as it was.</summary>
    private static void AssertChanged(float[] expected, Tensor tensor, Func<Tensor, Tensor> change)
    {
        Assert.Same(tensor, change(tensor));
        AssertElements(expected, tensor);
    }

    [Fact]
    public void operators_work_element_by_element()
    {
        using var scope = NewDisposeScope();

        AssertElements([4, 7], Of(1, 2) + Of(3, 5));
        AssertElements([-2, -3], Of(1, 2) - Of(3, 5));
        AssertElements([3, 10], Of(1, 2) * Of(3, 5));
        AssertElements([3, 2.5f], Of(3, 5) / Of(1, 2));
        AssertElements([-1, -2], -Of(1, 2));
    }

    [Fact]
    public void operators_take_numbers_on_either_side()
    {
        using var scope = NewDisposeScope();

        AssertElements([1.5f, 2.5f], Of(1, 2) + 0.5);
        AssertElements([9, 8], 10 - Of(1, 2));
        AssertElements([2, 4], Of(1, 2) * 2f);
        AssertElements([0.5f, 1], Of(1, 2) / 2);
    }

    [Fact]
    public void add_with_alpha_scales_the_other()
    {
        using var scope = NewDisposeScope();
        var sum = Of(1, 2);
        sum.add_(Of(10, 20), 0.1);

        AssertElements([2, 4], sum);
    }

    [Fact]
    public void optimiser_updates_in_place()
    {
        using var scope = NewDisposeScope();

        AssertChanged([7, 13], Of(1, 1), x => x.addcmul_(Of(1, 2), Of(3, 3), 2));
        AssertChanged([0, -1], Of(1, 1), x => x.addcdiv_(Of(2, 4), Of(4, 4), -2));
        AssertChanged([0.5f, 1], Of(1, 2), x => x.mul_(0.5));
        AssertChanged([-2, -4], Of(1, 2), x => x.sub_(Of(3, 6)));
        AssertChanged([0, 0], Of(1, 2), x => x.fill_(0));
        AssertChanged([3, 4], Of(1, 2), x => x.copy_(Of(3, 4)));
    }

    [Fact]
    public void elementary_functions_match_those_of_NET()
    {
        using var scope = NewDisposeScope();
        var x = Of(0.5f);

        AssertElements([MathF.Exp(0.5f)], x.exp());
        AssertElements([MathF.Log(0.5f)], x.log());
        AssertElements([MathF.Exp(0.5f) - 1], x.expm1());
        AssertElements([MathF.Sqrt(0.5f)], x.sqrt());
        AssertElements([MathF.Sin(0.5f)], x.sin());
        AssertElements([MathF.Cos(0.5f)], x.cos());
        AssertElements([0.25f], x.square());
        AssertElements([0.125f], x.pow(3));
    }

    [Fact]
    public void functions_in_place_match_those_that_copy()
    {
        using var scope = NewDisposeScope();

        AssertChanged([MathF.Exp(0.5f)], Of(0.5f), x => x.exp_());
        AssertChanged([MathF.Sqrt(0.5f)], Of(0.5f), x => x.sqrt_());
        AssertChanged([1 / MathF.Sqrt(0.5f)], Of(0.5f), x => x.rsqrt_());
        AssertChanged([-1, 0, 1], Of(-2, 0, 0.5f), x => x.sign_());
        AssertChanged([-1, 1], Of(-0.5f, 1.5f), x => x.floor_());
    }

    [Fact]
    public void clamp_limits_both_sides_or_one()
    {
        using var scope = NewDisposeScope();

        AssertElements([-1, 0, 1], Of(-3, 0, 3).clamp((Scalar)(-1), (Scalar)1));
        AssertElements([-1, 0, 3], Of(-3, 0, 3).clamp(min: (Scalar)(-1)));
        AssertElements([0, 0, 3], Of(-3, 0, 3).clamp_min(0));
        AssertElements([-3, 0, 0], Of(-3, 0, 3).clamp_max(0));
    }

    [Fact]
    public void comparisons_give_booleans()
    {
        using var scope = NewDisposeScope();
        var (left, right) = (Of(1, 2, 3), Of(3, 2, 1));

        Assert.Equal([false, true, false], (left == right).data<bool>().ToArray());
        Assert.Equal([true, false, true], (left != right).data<bool>().ToArray());
        Assert.Equal([false, false, true], (left > right).data<bool>().ToArray());
        Assert.Equal([false, true, true], (left >= right).data<bool>().ToArray());
        Assert.Equal([false, true, true], left.ge(2).data<bool>().ToArray());
    }

    [Fact]
    public void scaled_products_add_to_what_is_there()
    {
        using var scope = NewDisposeScope();
        var identity = Of(1, 0, 0, 1).view(2, 2);

        AssertElements([3, 1, 1, 3], ones(2, 2).addmm(identity, identity, alpha: 2));
        AssertElements([1, 0, 0, 1], ones(2, 2).addmm_(identity, identity, beta: 0));
        AssertElements([3, 4, 6, 8], outer(Of(1, 2), Of(3, 4)));
    }
}
