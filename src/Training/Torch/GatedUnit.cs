using IterativeDpo.Training.Torch.Cpu;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// act(gate) · up (SwiGLU and GEGLU, arXiv 2002.05202) and its gradient, computed in float32 some rows at a time: the intermediate values
/// stay in a processor's cache, and only the result is written to memory.
/// </summary>
/// <param name="gelu">act is GELU in its form with tanh, g σ(2 √(2/π) (g + 0.044715 g³)), in place of SiLU, g σ(g).</param>
/// <param name="ownLoops">See <see cref="OwnLoops.Gates"/>.</param>
internal sealed class GatedUnit(bool gelu, bool ownLoops)
{
    private const double Root = 1.5957691216057308, Cube = 0.044715; // 2 √(2/π)

    private const long RowsAtOnce = 256;

    /// <param name="both">Gate and up side by side, [n, 2 × inside].</param>
    /// <returns>[n, inside].</returns>
    public Tensor Forward(Tensor both)
    {
        if (ownLoops && Lanes.Fill(both.size(1) / 2))
        {
            return gelu ? CpuGatedUnit.Forward<GeluGate>(both) : CpuGatedUnit.Forward<SiluGate>(both);
        }
        var result = empty([both.size(0), both.size(1) / 2], both.dtype, both.device);
        foreach (var (start, length) in Slices(both))
        {
            using var scope = NewDisposeScope();
            var (gate, up) = Halves(both.narrow(0, start, length));
            result.narrow(0, start, length).copy_(Sigmoid(gate).mul_(gate).mul_(up));
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
            return gelu ? CpuGatedUnit.Backward<GeluGate>(both, gradient) : CpuGatedUnit.Backward<SiluGate>(both, gradient);
        }
        var result = empty_like(both);
        foreach (var (start, length) in Slices(both))
        {
            using var scope = NewDisposeScope();
            var (gate, up) = Halves(both.narrow(0, start, length));
            var g = gradient.narrow(0, start, length).to(ScalarType.Float32);
            var sigmoid = Sigmoid(gate);
            var activated = gate * sigmoid;
            // (g σ(f))' = σ + g σ (1 − σ) f'
            var slope = gelu
                ? gate.square().mul_(3 * Cube).add_(1).mul_(Root).mul_(1 - sigmoid).mul_(activated).add_(sigmoid)
                : (sigmoid + activated).addcmul_(activated, sigmoid, -1);
            var rows = result.narrow(0, start, length);
            rows.narrow(1, 0, up.size(1)).copy_(slope.mul_(up).mul_(g));
            rows.narrow(1, up.size(1), up.size(1)).copy_(activated.mul_(g));
        }
        return result;
    }

    private Tensor Sigmoid(Tensor gate) => gelu ? (gate.square().mul_(Cube).add_(1).mul_(gate).mul_(Root)).sigmoid_() : gate.sigmoid();

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
