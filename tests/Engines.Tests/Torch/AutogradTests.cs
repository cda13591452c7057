using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class AutogradTests
{
    private static Tensor Leaf(params double[] numbers) => tensor(numbers, requires_grad: true);

    private static double[] Gradient(Tensor leaf) => leaf.grad!.data<double>().ToArray();

    public static TheoryData<string, Func<Tensor, Tensor>> Functions => new()
    {
        { "silu", x => nn.functional.silu(x) },
        { "logsigmoid", x => nn.functional.logsigmoid(x) },
        { "log_softmax", x => x.log_softmax(0) * arange(3) },
        { "logsumexp", x => x.logsumexp(0) },
        { "rms", x => x * (x.square().mean() + 1e-5).pow(-0.5) * arange(3) },
        { "matmul", x => x.view(3, 1).matmul(x.view(1, 3)).exp() },
        { "index", x => x.index_select(0, tensor(new long[] { 2, 2, 0 })).square() },
    };

    [Theory]
    [MemberData(nameof(Functions))]
    public void backward_agrees_with_finite_differences(string name, Func<Tensor, Tensor> function)
    {
        using var scope = NewDisposeScope();
        double[] at = [0.3, -0.7, 1.1];
        var leaf = Leaf(at);
        function(leaf).sum().backward();
        var gradient = Gradient(leaf);

        for (var i = 0; i < at.Length; i++)
        {
            var (up, down) = (at.ToArray(), at.ToArray());
            up[i] += 1e-6;
            down[i] -= 1e-6;
            var slope = (function(tensor(up)).sum().item<double>() - function(tensor(down)).sum().item<double>()) / 2e-6;
            Assert.True(Math.Abs(slope - gradient[i]) < 1e-6, $"{name}[{i}]: {slope} by differences, {gradient[i]} by backward");
        }
    }

    [Fact]
    public void backward_adds_to_the_gradient_there_is()
    {
        using var scope = NewDisposeScope();
        var leaf = Leaf(2);
        leaf.square().backward();
        leaf.square().backward();

        Assert.Equal([8.0], Gradient(leaf));
    }

    [Fact]
    public void backward_with_a_gradient_weighs_each_output()
    {
        using var scope = NewDisposeScope();
        var leaf = Leaf(1, 2);
        leaf.square().backward([tensor(new double[] { 1, 10 })]);

        Assert.Equal([2.0, 40.0], Gradient(leaf));
    }

    [Fact]
    public void backward_of_several_elements_without_a_gradient_throws()
    {
        using var scope = NewDisposeScope();
        var outputs = Leaf(1, 2) * 2;

        Assert.Throws<ExternalException>(outputs.backward);
    }

    [Fact]
    public void requires_grad_makes_a_leaf()
    {
        using var scope = NewDisposeScope();
        var leaf = tensor(new double[] { 3 }).requires_grad_();
        leaf.square().backward();

        Assert.Equal([6.0], Gradient(leaf));
    }

    [Fact]
    public void operations_under_no_grad_are_not_recorded()
    {
        using var scope = NewDisposeScope();
        var leaf = Leaf(1);
        Tensor unrecorded;
        using (no_grad()) unrecorded = leaf * 2;
        (leaf * 2).backward();

        Assert.Throws<ExternalException>(unrecorded.backward);
        Assert.Equal([2.0], Gradient(leaf));
    }

    [Fact]
    public void change_in_place_of_a_leaf_outside_no_grad_throws()
    {
        using var scope = NewDisposeScope();
        var leaf = Leaf(1);

        Assert.Throws<ExternalException>(() => leaf.add_(1));
    }

    [Fact]
    public void detach_cuts_the_graph_and_shares_the_storage()
    {
        using var scope = NewDisposeScope();
        var leaf = Leaf(1);
        var detached = leaf.detach();
        detached.add_(1);

        Assert.Throws<ExternalException>(detached.backward);
        Assert.Equal(2.0, leaf.item<double>());
    }
}
