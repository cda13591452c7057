using IterativeDpo.Training.Torch;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public class AdamWTests
{
    [Fact]
    public void Step_follows_the_paper_and_spares_vectors_from_decay()
    {
        using var scope = NewDisposeScope();
        using var parameters = new ParameterBuffer([new("norm", [1]), new("matrix", [1, 1])], CPU);
        using var optimiser = new AdamW(parameters, 0.9f, 0.99f, 1e-8f, 0.1f);
        using (no_grad())
        {
            parameters.Values.fill_(2);
        }
        double matrix = 2, norm = 2, m = 0, v = 0;
        for (var t = 1; t <= 3; t++)
        {
            parameters.Gradients.fill_(4.0 / t);
            optimiser.Step(0.01, gradientScale: 0.5);

            var gradient = 2.0 / t;
            m = 0.9 * m + 0.1 * gradient;
            v = 0.99 * v + 0.01 * gradient * gradient;
            var update = 0.01 * (m / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(v / (1 - Math.Pow(0.99, t))) + 1e-8);
            matrix = matrix * (1 - 0.01 * 0.1) - update;
            norm -= update;
        }

        Assert.Equal(matrix, parameters["matrix"].item<float>(), 5);
        Assert.Equal(norm, parameters["norm"].item<float>(), 5);
    }
}
