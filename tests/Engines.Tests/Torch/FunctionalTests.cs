using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class FunctionalTests
{
    private static void AssertClose(float[] expected, Tensor actual) =>
        Assert.True(actual.allclose(tensor(expected).view_as(actual), rtol: 1e-5, atol: 1e-6), string.Join(", ", actual.data<float>().ToArray()));

    [Fact]
    public void linear_multiplies_by_the_transposed_weight_and_adds_the_bias()
    {
        using var scope = NewDisposeScope();
        var (input, weight) = (tensor(new float[] { 1, 2 }, [1, 2]), tensor(new float[] { 3, 4, 5, 6 }, [2, 2]));

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
        AssertClose([MathF.Log(1 + MathF.Exp(-1)), MathF.Log(1 + MathF.Exp(2))], F.softplus(x));
    }

    [Fact]
    public void logsigmoid_of_a_very_negative_number_is_that_number()
    {
        using var scope = NewDisposeScope();

        AssertClose([-200], F.logsigmoid(tensor(new float[] { -200 })));
    }

    [Fact]
    public void dropout_outside_training_changes_nothing()
    {
        using var scope = NewDisposeScope();

        AssertClose([1, 1, 1], F.dropout(ones(3), 0.9, training: false));
    }

    [Fact]
    public void cross_entropy_is_the_mean_negative_log_probability()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new float[] { 0, MathF.Log(3), 0, 0 }, [2, 2]);

        AssertClose([-(MathF.Log(0.75f) + MathF.Log(0.5f)) / 2], F.cross_entropy(logits, tensor(new long[] { 1, 0 })));
    }

    [Fact]
    public void attention_with_equal_scores_averages_the_values()
    {
        using var scope = NewDisposeScope();
        var values = tensor(new float[] { 2, 4 }, [1, 1, 2, 1]);

        AssertClose([3, 3], F.scaled_dot_product_attention(zeros(1, 1, 2, 1), zeros(1, 1, 2, 1), values));
    }

    [Fact]
    public void causal_attention_sees_no_later_position()
    {
        using var scope = NewDisposeScope();
        var values = tensor(new float[] { 2, 4 }, [1, 1, 2, 1]);

        AssertClose([2, 3], F.scaled_dot_product_attention(zeros(1, 1, 2, 1), zeros(1, 1, 2, 1), values, is_casual: true));
    }

    [Fact]
    public void attention_with_a_boolean_mask_sees_what_is_true()
    {
        using var scope = NewDisposeScope();
        var values = tensor(new float[] { 2, 4 }, [1, 1, 2, 1]);
        var mask = tensor(new bool[] { false, true, true, true }, [2, 2]);

        AssertClose([4, 3], F.scaled_dot_product_attention(zeros(1, 1, 2, 1), zeros(1, 1, 2, 1), values, mask));
    }

    [Fact]
    public void attention_scales_by_the_root_of_the_width()
    {
        using var scope = NewDisposeScope();
        var (query, keys) = (full(1, 1, 1, 4, 1f), stack([zeros(4), full(4, MathF.Log(3) / 2)]).view(1, 1, 2, 4));

        AssertClose([0.75f], F.scaled_dot_product_attention(query, keys, tensor(new float[] { 0, 1 }, [1, 1, 2, 1])));
    }
}
