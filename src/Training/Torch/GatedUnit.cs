using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch.Cpu;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// act(gate) · up (SwiGLU and GEGLU, arXiv 2002.05202) and its gradient, computed in float32 some rows at a time: the intermediate values
/// stay in a processor's cache, and only the result is written to memory.
/// </summary>
/// <param name="ownLoops">See <see cref="OwnLoops.Gates"/>.</param>
internal sealed class GatedUnit(GateKind kind, bool ownLoops)
{
    private const double Root = 1.5957691216057308, Cube = 0.044715; // 2 √(2/π)

    private const long RowsAtOnce = 256;

    /// <param name="both">Gate and up side by side, [n, 2 × inside].</param>
    /// <returns>[n, inside].</returns>
    public Tensor Forward(Tensor both)
    {
        if (ownLoops && Lanes.Fill(both.size(1) / 2))
        {
            return kind switch
            {
                GateKind.Silu => CpuGatedUnit.Forward<SiluGate>(both),
                GateKind.Gelu => CpuGatedUnit.Forward<GeluGate>(both),
                _ => CpuGatedUnit.Forward<ClampedGate>(both),
            };
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
            return kind switch
            {
                GateKind.Silu => CpuGatedUnit.Backward<SiluGate>(both, gradient),
                GateKind.Gelu => CpuGatedUnit.Backward<GeluGate>(both, gradient),
                _ => CpuGatedUnit.Backward<ClampedGate>(both, gradient),
            };
        }
        var result = empty_like(both);
        foreach (var (start, length) in Slices(both))
        {
            using var scope = NewDisposeScope();
            var rows = both.narrow(0, start, length);
            var (gate, up) = Halves(rows);
            var g = gradient.narrow(0, start, length).to(ScalarType.Float32);
            var sigmoid = Sigmoid(gate);
            var activated = gate * sigmoid;
            // (g σ(f))' = σ + g σ (1 − σ) f'
            var slope = (activated - activated * sigmoid).mul_(InsideSlope(gate)).add_(sigmoid);
            var into = result.narrow(0, start, length);
            into.narrow(1, 0, up.size(1)).copy_(slope.mul_(up).mul_(g));
            into.narrow(1, up.size(1), up.size(1)).copy_(activated.mul_(g));
            if (kind == GateKind.Clamped)
            {
                into.mul_(Unclamped(rows));
            }
        }
        return result;
    }

    /// <summary>σ(f(g)).</summary>
    private Tensor Sigmoid(Tensor gate) => kind switch
    {
        GateKind.Silu => gate.sigmoid(),
        GateKind.Gelu => gate.square().mul_(Cube).add_(1).mul_(gate).mul_(Root).sigmoid_(),
        _ => (gate * ClampedGate.Steepness).sigmoid_(),
    };

    /// <summary>f'(g).</summary>
    private Tensor InsideSlope(Tensor gate) => kind switch
    {
        GateKind.Silu => ones(1, device: gate.device),
        GateKind.Gelu => gate.square().mul_(3 * Cube).add_(1).mul_(Root),
        _ => full(1, ClampedGate.Steepness, device: gate.device),
    };

    /// <summary>What the result is a product of: gate and up, float32 [n, inside] each.</summary>
    private (Tensor Gate, Tensor Up) Halves(Tensor both)
    {
        var inside = both.size(1) / 2;
        var (gate, up) = (both.narrow(1, 0, inside).to(ScalarType.Float32), both.narrow(1, inside, inside).to(ScalarType.Float32));
        return kind == GateKind.Clamped
            ? (gate.clamp(max: ClampedGate.Limit), up.clamp(-ClampedGate.Limit, ClampedGate.Limit).add_(1))
            : (gate, up);
    }

    /// <summary>0 where a gate or up is beyond its limit, and 1 elsewhere, of the type of both.</summary>
    private static Tensor Unclamped(Tensor both)
    {
        var inside = both.size(1) / 2;
        var (gate, up) = (both.narrow(1, 0, inside), both.narrow(1, inside, inside));
        return cat([gate.gt(ClampedGate.Limit), up.abs().gt(ClampedGate.Limit)], 1).logical_not().to(both.dtype);
    }

    private static IEnumerable<(long Start, long Length)> Slices(Tensor rows)
    {
        for (long start = 0; start < rows.size(0); start += RowsAtOnce)
        {
            yield return (start, Math.Min(RowsAtOnce, rows.size(0) - start));
        }
    }
}
