using System.Runtime.CompilerServices;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>What <see cref="GatedUnit"/> makes of a gate and an up, as a type: a loop over it is compiled once for each.</summary>
internal interface IGate
{
    static abstract Lanes Forward(Lanes gate, Lanes up);

    /// <summary>The derivatives by gate and up.</summary>
    static abstract (Lanes Gate, Lanes Up) Slopes(Lanes gate, Lanes up);
}

/// <summary>g σ(g) · up.</summary>
internal readonly struct SiluGate : IGate
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Forward(Lanes gate, Lanes up) => gate * Lanes.Sigmoid(gate) * up;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Lanes Gate, Lanes Up) Slopes(Lanes gate, Lanes up)
    {
        var sigmoid = Lanes.Sigmoid(gate);
        var activated = gate * sigmoid;
        return ((sigmoid + activated - activated * sigmoid) * up, activated);
    }
}

/// <summary>g σ(f(g)) · up with f(g) = 2 √(2/π) (g + 0.044715 g³).</summary>
internal readonly struct GeluGate : IGate
{
    private const float Root = 1.5957691f, Cube = 0.044715f; // 2 √(2/π)

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Forward(Lanes gate, Lanes up) => gate * Lanes.Sigmoid(Inside(gate)) * up;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Lanes Gate, Lanes Up) Slopes(Lanes gate, Lanes up)
    {
        var sigmoid = Lanes.Sigmoid(Inside(gate));
        var activated = gate * sigmoid;
        // σ + g σ (1 − σ) f'
        var slope = sigmoid + (activated - activated * sigmoid) * (Lanes.Of(Root) + gate * gate * (3 * Root * Cube));
        return (slope * up, activated);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Inside(Lanes g) => g * (Lanes.Of(Root) + g * g * (Root * Cube));
}

/// <summary>See <see cref="Artifacts.Models.GateKind.Clamped"/>.</summary>
internal readonly struct ClampedGate : IGate
{
    public const float Steepness = 1.702f, Limit = 7;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Forward(Lanes gate, Lanes up)
    {
        var g = Lanes.Min(gate, Limit);
        return g * Lanes.Sigmoid(g * Steepness) * (Lanes.Clamp(up, Limit) + Lanes.Of(1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Lanes Gate, Lanes Up) Slopes(Lanes gate, Lanes up)
    {
        var (g, u) = (Lanes.Min(gate, Limit), Lanes.Clamp(up, Limit));
        var sigmoid = Lanes.Sigmoid(g * Steepness);
        var activated = g * sigmoid;
        // Beyond the limits nothing changes.
        return (
            Lanes.WhereEqual(gate, g, (sigmoid + (activated - activated * sigmoid) * Steepness) * (u + Lanes.Of(1))),
            Lanes.WhereEqual(up, u, activated));
    }
}
