using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class ProductTests
{
    [Fact]
    public void matmul_of_two_matrices_is_their_product()
    {
        using var scope = NewDisposeScope();
        var product = tensor(new float[] { 1, 2, 3, 4 }).view(2, 2).matmul(tensor(new float[] { 5, 6, 7, 8 }).view(2, 2));

        Assert.Equal([19, 22, 43, 50], product.data<float>().ToArray());
    }

    [Fact]
    public void mm_of_shapes_that_do_not_fit_throws_with_the_reason()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ExternalException>(() => zeros(2, 3).mm(zeros(2, 3)));

        Assert.Contains("2x3", error.Message, StringComparison.Ordinal);
    }
}
