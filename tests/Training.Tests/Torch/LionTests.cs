using IterativeDpo.Training.Torch;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public class LionTests
{
    [Fact]
    public void Step_follows_the_paper_and_spares_vectors_from_decay()
    {
        using var scope = NewDisposeScope();
        using var parameters = new ParameterBuffer([new("norm", [1]), new("matrix", [1, 1])], CPU);
        using var optimiser = new Lion(parameters, 0.75f, 0.5f, 0.1f);
        using (no_grad())
        {
            parameters.Values.fill_(2);
        }
        double matrix = 2, norm = 2, m = 0;
        // All of these moments are whole in bfloat16; the second gradient turns the direction at once.
        foreach (var gradient in new[] { 2.0, -4, 0.5 })
        {
            parameters.Gradients.fill_(2 * gradient);
            optimiser.Step(0.01, gradientScale: 0.5);

            var update = 0.01 * Math.Sign(0.75 * m + 0.25 * gradient);
            m = 0.5 * m + 0.5 * gradient;
            matrix = matrix * (1 - 0.01 * 0.1) - update;
            norm -= update;
        }

        Assert.Equal(matrix, parameters["matrix"].item<float>(), 5);
        Assert.Equal(norm, parameters["norm"].item<float>(), 5);
        Assert.Equal((float)m, Floats.Of(optimiser.State[0])[0]);
    }

    [Fact]
    public void State_is_a_quarter_of_that_of_AdamW()
    {
        using var scope = NewDisposeScope();
        using var parameters = new ParameterBuffer([new("matrix", [64, 64])], CPU);
        using var lion = new Lion(parameters, 0.9f, 0.99f, 0);
        using var adamW = new AdamW(parameters, 0.9f, 0.999f, 1e-8f, 0);
        static long Bytes(Optimizer optimiser) => optimiser.State.Sum(tensor => tensor.numel() * tensor.element_size());

        Assert.Equal(64 * 64 * 2, Bytes(lion));
        Assert.Equal(Bytes(adamW), 4 * Bytes(lion));
    }

    /// <summary>
    /// A moment of 1 must be given up when its gradient is gone or small and opposite. Where 1 − β2 is half of bfloat16's spacing or less,
    /// rounding would keep it for ever.
    /// </summary>
    [Theory]
    [InlineData(0.99f, 0f)]
    [InlineData(0.99f, -0.001f)]
    [InlineData((float)TrainingOptions.HighestLionBeta2, 0f)]
    public void Step_moment_of_bfloat16_does_not_stall(float beta2, float gradient)
    {
        using var scope = NewDisposeScope();
        using var parameters = new ParameterBuffer([new("matrix", [256, 1])], CPU);
        using var optimiser = new Lion(parameters, 0.9f, beta2, 0);
        // Every fraction that bfloat16 has.
        optimiser.State[0].copy_(arange(256, 512, ScalarType.Float32) / 256);

        for (var i = 0; i < 2000; i++)
        {
            parameters.Gradients.fill_(gradient);
            optimiser.Step(0, 1);
        }

        Assert.True(optimiser.State[0].to(ScalarType.Float32).max().item<float>() < 1e-3);
    }

    /// <summary>On noisy gradients with a slow drift, the directions are those of a float32 moment but for close calls.</summary>
    [Fact]
    public void Step_moment_of_bfloat16_gives_the_directions_of_float32()
    {
        using var scope = NewDisposeScope();
        const int Count = 1000;
        using var parameters = new ParameterBuffer([new("matrix", [Count, 1])], CPU);
        using var optimiser = new Lion(parameters, 0.9f, 0.99f, 0);
        var exact = zeros(Count);
        var random = new IterativeDpo.Generation.SplitMix64(11);
        int steps = 600, differing = 0;
        for (var step = 0; step < steps; step++)
        {
            var gradient = tensor([.. Enumerable.Range(0, Count).Select(i =>
                (float)(Noise() + 0.3 * Math.Sin(step / 100.0 + i)))]);
            using var inner = NewDisposeScope();
            parameters.Gradients.copy_(gradient);
            var before = parameters.Values.clone();
            optimiser.Step(1, 1);
            var moved = before - parameters.Values;
            differing += (int)(moved != (exact * 0.9f + gradient * (1 - 0.9f)).sign()).sum().item<long>();
            exact.mul_(0.99f).add_(gradient, 1 - 0.99f);
        }

        Assert.InRange(differing / (double)(steps * Count), 0, 0.005);

        double Noise() => Enumerable.Range(0, 4).Sum(_ => (random.Next() >> 40) / (double)(1 << 24) - 0.5);
    }
}
