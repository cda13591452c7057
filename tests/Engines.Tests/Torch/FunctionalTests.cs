using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class FunctionalTests
{
    private static void AssertClose(float[] expected, Tensor actual) =>
        Assert.Equal(expected, actual.data<float>().ToArray(), (left, right) => Math.Abs(left - right) <= 1e-5f);

    [Fact]
    public void linear_multiplies_by_the_transposed_weight_and_adds_the_bias()
    {
        using var scope = NewDisposeScope();
        var (input, weight) = (tensor(new float[] { 1, 2 }).view(1, 2), tensor(new float[] { 3, 4, 5, 6 }).view(2, 2));

        AssertClose([11, 17], F.linear(input, weight));
        AssertClose([12, 19], F.linear(input, weight, tensor(new float[] { 1, 2 })));
    }

    [Fact]
    public void activations_follow_their_formulas()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[] { -1, 2 });
        static float Sigmoid(float value) => 1 / (1 + MathF.Exp(-value));

        AssertClose([-Sigmoid(-1), 2 * Sigmoid(2)], F.silu(x));
        AssertClose([MathF.Log(Sigmoid(-1)), MathF.Log(Sigmoid(2))], F.logsigmoid(x));
    }

    [Fact]
    public void logsigmoid_of_a_very_negative_number_is_that_number()
    {
        using var scope = NewDisposeScope();

        AssertClose([-200], F.logsigmoid(tensor(new float[] { -200 })));
    }
}
