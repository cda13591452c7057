using IterativeDpo.Training.Torch;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Seed;

/// <summary>
/// Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon): the Nesterov momentum of a matrix, made nearly orthogonal by five
/// Newton–Schulz steps, is its update, so that every direction of the matrix moves alike. Learns small language models in a fraction
/// of AdamW's steps. For matrices inside the network only.
/// </summary>
internal sealed class Muon : IDisposable
{
    private const double Momentum = 0.95;
    private const double WeightDecay = 0.05;
    private const int NewtonSchulzSteps = 5;

    private readonly List<Matrix> _matrices = [];

    /// <summary>Looks after every matrix of the blocks; maps that are computed as one are still matrices of their own.</summary>
    public Muon(ParameterBuffer parameters, IEnumerable<FusedWeight> blockMaps)
    {
        using var gradients = no_grad();
        foreach (var map in blockMaps)
        {
            long row = 0;
            foreach (var part in map.Parts)
            {
                using var scope = NewDisposeScope();
                var value = parameters[map.Name].detach().narrow(0, row, part.Rows);
                var gradient = parameters.Gradient(map.Name).narrow(0, row, part.Rows);
                _matrices.Add(
                    new(value.DetachFromDisposeScope(), gradient.DetachFromDisposeScope(), zeros_like(value).DetachFromDisposeScope()));
                row += part.Rows;
            }
        }
    }

    /// <summary>Takes a step along the gradients there are, and zeroes them.</summary>
    public void Step(double learningRate)
    {
        using var gradients = no_grad();
        foreach (var (value, gradient, momentum) in _matrices)
        {
            using var scope = NewDisposeScope();
            momentum.mul_(Momentum).add_(gradient, 1 - Momentum);
            var update = Orthogonalise(gradient.mul(1 - Momentum).add_(momentum, Momentum));
            // A tall matrix's orthogonal update has small entries for its rows.
            var scale = Math.Sqrt(Math.Max(1, (double)value.size(0) / value.size(1)));
            value.mul_(1 - learningRate * WeightDecay).add_(update, -learningRate * scale);
            gradient.fill_(0);
        }
    }

    /// <summary>
    /// The nearest matrix with equal singular values, about: a quintic whose coefficients push every singular value between 0 and 1 to
    /// around 1 (0.7 to 1.2) as fast as can be.
    /// </summary>
    public static Tensor Orthogonalise(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        var tall = matrix.size(0) > matrix.size(1);
        var x = tall ? matrix.t() : matrix;
        x = x / (x.norm() + 1e-7);
        for (var i = 0; i < NewtonSchulzSteps; i++)
        {
            var gram = x.mm(x.t());
            var polynomial = gram.addmm(gram, gram, beta: -4.7750f, alpha: 2.0315f);
            x = x.addmm(polynomial, x, beta: 3.4445f, alpha: 1);
        }
        return (tall ? x.t() : x).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var (value, gradient, momentum) in _matrices)
        {
            value.Dispose();
            gradient.Dispose();
            momentum.Dispose();
        }
    }

    private sealed record Matrix(Tensor Value, Tensor Gradient, Tensor Momentum);
}
