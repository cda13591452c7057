using IterativeDpo.Training.Torch.Cpu;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// silu(gate) · up (SwiGLU, arXiv 2002.05202) and its gradient, computed in float32 some rows at a time: the intermediate values stay in a
/// processor's cache, and only the result is written to memory.
/// </summary>
/// <param name="ownLoops">See <see cref="OwnLoops.Gates"/>.</param>
internal sealed class GatedUnit(bool ownLoops)
{
    private const long RowsAtOnce = 256;

    /// <param name="both">Gate and up side by side, [n, 2 × inside].</param>
    /// <returns>[n, inside].</returns>
    public Tensor Forward(Tensor both)
    {
        if (ownLoops && Lanes.Fill(both.size(1) / 2))
        {
            return CpuGatedUnit.Forward(both);
        }
        var result = empty([both.size(0), both.size(1) / 2], both.dtype, both.device);
        foreach (var (start, length) in Slices(both))
        {
            using var scope = NewDisposeScope();
            var (gate, up) = Halves(both.narrow(0, start, length));
            result.narrow(0, start, length).copy_(gate.sigmoid().mul_(gate).mul_(up));
        }
        return result;
    }

    /// <param name="both">As in <see cref="Forward"/>.</param>
    /// <param name="gradient">d loss / d result, [n, inside].</param>
    /// <returns>d loss / d both.</returns>
    public Tensor Backward(Tensor both, Tensor gradient)
    {
        if (ownLoops && Lanes.Fill(both.size(1) / 2))
        {
            return CpuGatedUnit.Backward(both, gradient);
        }
        var result = empty_like(both);
        foreach (var (start, length) in Slices(both))
        {
            using var scope = NewDisposeScope();
            var (gate, up) = Halves(both.narrow(0, start, length));
            var g = gradient.narrow(0, start, length).to(ScalarType.Float32);
            var sigmoid = gate.sigmoid();
            var silu = gate * sigmoid;
            var slope = (sigmoid + silu).addcmul_(silu, sigmoid, -1); // silu' = σ + silu (1 − σ)
            var rows = result.narrow(0, start, length);
            rows.narrow(1, 0, up.size(1)).copy_(slope.mul_(up).mul_(g));
            rows.narrow(1, up.size(1), up.size(1)).copy_(silu.mul_(g));
        }
        return result;
    }

    /// <summary>Gate and up, float32 [n, inside] each.</summary>
    private static (Tensor Gate, Tensor Up) Halves(Tensor both)
    {
        var inside = both.size(1) / 2;
        return (both.narrow(1, 0, inside).to(ScalarType.Float32), both.narrow(1, inside, inside).to(ScalarType.Float32));
    }

    private static IEnumerable<(long Start, long Length)> Slices(Tensor rows)
    {
        for (long start = 0; start < rows.size(0); start += RowsAtOnce)
        {
            yield return (start, Math.Min(RowsAtOnce, rows.size(0) - start));
        }
    }
}
